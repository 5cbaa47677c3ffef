#!/usr/bin/env bats
# The sources, as programs see them that look for mistakes: `make check`. What they find
# is mended, or excepted here, or in ../.shellcheckrc, with the reason.

load helpers

setup() { cd "$ROOT" || return; }

@test "shellcheck finds nothing in the scripts, nor in the tests" {
	mapfile -t scripts < <(grep -l -m 1 -E '^#!/bin/(ba)?sh' -r .ci experiments mp3 bats)
	[ ${#scripts[@]} -ge 15 ]
	run -0 shellcheck "${scripts[@]}" bats/*.bats bats/*/*.bats bats/*.bash
	assert_output ""
}

@test "sparse finds nothing in the module" {
	experiments/kernel
	cp -r mp3 "$BATS_TEST_TMPDIR/mp3"
	make -s -C "$BATS_TEST_TMPDIR/mp3" clean
	run -0 make -C "build/kernel/6.1/$(readlink build/kernel/6.1/kdir)" M="$BATS_TEST_TMPDIR/mp3" \
		C=2 CF="-Wbitwise -Wcontext" modules
	assert_output --partial "CHECK"
	refute_output --regexp "warning|error"
}

# EXPORTED_WORLD_WRITABLE: anybody may register what is his, and registry.c looks whose it is.
# CAMELCASE: it takes _Static_assert for a name of ours.
@test "checkpatch --strict finds nothing in the module, nor in the one that it is compared with" {
	checkpatch=$ROOT/build/kernel/debug/linux/scripts/checkpatch.pl
	[ -f "$checkpatch" ] || skip "only the debug kernel's source has it: make test-debug"
	mapfile -t sources < <(sed -n 's/^mp3-y := //p' mp3/Kbuild | tr ' ' '\n' | sed 's|\(.*\).o$|\1.c|')
	[ ${#sources[@]} -ge 5 ]
	cd "$BATS_TEST_TMPDIR"	# it leaves a file
	run -0 perl "$checkpatch" --strict --no-tree --terse --file \
		--ignore EXPORTED_WORLD_WRITABLE,CAMELCASE \
		"$ROOT"/experiments/rearmed/rearmed.c "$ROOT"/mp3/mp3.h "$ROOT"/mp3/module/*.h "${sources[@]/#/$ROOT/mp3/}"
	refute_output --regexp "(ERROR|WARNING|CHECK):"
}

@test "the compiler's analyzer finds nothing in the programs" {
	for file in mp3/tools/*.c experiments/*.c bats/*.c; do
		run -0 gcc -std=gnu11 -O2 -Wall -Wextra -Wshadow -Wmissing-prototypes -fanalyzer -Werror \
			-c -o /dev/null "$file"
	done
}

# Its portability checks are left out: this is GNU C, as the kernel is.
@test "cppcheck finds nothing in the programs" {
	run -0 cppcheck -q --std=c11 --enable=warning --inline-suppr --error-exitcode=1 \
		mp3/tools/*.c experiments bats
	assert_output ""
}
