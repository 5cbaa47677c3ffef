# shellcheck shell=bash
# What every file of tests begins with: `load helpers`.

bats_require_minimum_version 1.5.0
export BATS_LIB_PATH="${BATS_LIB_PATH:-/usr/lib/bats}"
bats_load_library bats-support
bats_load_library bats-assert

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# The makes that are tested are no parts of the one that runs the tests, and what is read out of
# other programs' words is in their own language.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
export LC_ALL=C.UTF-8

# slow_kernel - the tests are in a kernel that checks itself, and takes milliseconds for what
# takes others some microseconds
slow_kernel() {
	case ${KERNEL-} in
	debug | kcsan) ;;
	*) return 1 ;;
	esac
}

# large_pages - the tests are in a kernel whose pages are of 16 KiB
large_pages() { [ "$(page_kb)" != 4 ]; }

# page_kb - KiB in a page of the machines' kernel
page_kb() {
	case ${KERNEL-} in
	*-16k) echo 16 ;;
	*) echo 4 ;;
	esac
}

# pages_of MB - how many these are
pages_of() { echo $(($1 * 1024 / $(page_kb))); }

# assert_empty FILE - it is there, and nothing is in it
assert_empty() {
	[ -e "$1" ] || fail "there is no $1"
	assert_equal "$1: $(cat "$1")" "$1: "
}

# until_it COMMAND... - succeeds; however slow the host is, but not for ever
until_it() {
	for _ in {1..1200}; do
		"$@" && return
		sleep 0.1
	done
	echo "never: $*" >&2
	return 1
}

# program NAME - compile NAME.c of this directory for the machine, unless another file of tests has;
# prints its path
program() {
	local programs=$BATS_SUITE_TMPDIR/programs
	mkdir -p "$programs"
	(
		flock 9
		[ -x "$programs/$1" ] || $("$ROOT/experiments/lab" --compiler) -std=gnu11 -O2 -Wall -Wextra -Wshadow -Wmissing-prototypes \
			-o "$programs/$1" "$ROOT/bats/$1.c" -pthread
	) 9> "$programs/$1.lock" || return
	echo "$programs/$1"
}

# as_user COMMAND... - as somebody who is not root, if we can choose
as_user() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	else
		"$@"
	fi
}

# on_time FILE N - of a process's records in it, as `probe records` prints them, which are N at least,
# none but the last one is later after its deadline than another by more than a tick of 4 ms. In a
# slow kernel, by five. Deadlines are 50 ms apart.
on_time() {
	local most=4000000
	! slow_kernel || most=20000000
	run -0 awk -v most=$most -v least="$2" -v period=50000000 '
		# 6: flags; 2: MP3_LAST
		int($6 / 2) % 2 { next }
		!n++ { first = $2 }
		{
			late = ($2 - first) % period
			if (late > period / 2) late -= period
			if (late > latest) latest = late
			if (late < earliest) earliest = late
		}
		END {
			printf "%d records, the latest %d ns later than the earliest\n", n, latest - earliest
			if (n < least) print "of", least
			if (latest - earliest > most) print "more than", most
		}' "$1"
	# shellcheck disable=SC2154 # run sets it
	echo "$output"
	# shellcheck disable=SC2154
	assert_equal ${#lines[@]} 1
}

# kernel_module NAME - compile delay/NAME.c for the kernel of the machines; prints its path
kernel_module() {
	local built=$BATS_SUITE_TMPDIR/$1.ko
	"$ROOT/experiments/measure/build-module" "$ROOT/bats/delay" "${KERNEL:-6.1}" "$built" >&2 || return
	echo "$built"
}

# guest_says NAME KEY - the words behind "# KEY: " in the head of NAME-guest
guest_says() { sed -n "s/^# $2: //p" "$ROOT/bats/$1-guest"; }

# guest NAME - wait until NAME-guest has run in its machine, which setup_suite.bash has begun;
# prints where what it saw lies
guest() {
	local machine seen
	machine=$BATS_SUITE_TMPDIR/machine-$(guest_says "$1" machine)
	seen=$machine/$1
	flock "$machine.lock" true
	# its caller may be a subshell that goes on after an error
	if [ "$(cat "$machine.status")" != 0 ]; then
		fail "the machine of $1-guest has failed, see above"
	elif [ "$(cat "$seen.status")" != 0 ]; then
		fail "$1-guest: status $(cat "$seen.status"): $(cat "$seen.said")"
	else
		echo "$seen"
	fi
}
