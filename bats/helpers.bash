# shellcheck shell=bash
# What every file of tests begins with: `load helpers`.

bats_require_minimum_version 1.5.0
export BATS_LIB_PATH="${BATS_LIB_PATH:-/usr/lib/bats}"
bats_load_library bats-support
bats_load_library bats-assert

# shellcheck disable=SC2034 # for those who load this
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# The makes that are tested are no parts of the one that runs the tests.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

# slow_kernel - the tests are in a kernel that checks itself, and takes milliseconds for what
# takes others some microseconds
slow_kernel() {
	case ${KERNEL-} in
	debug | kcsan) ;;
	*) return 1 ;;
	esac
}
