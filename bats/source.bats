#!/usr/bin/env bats
# The sources, as programs see them that look for mistakes: `make check`. What they find
# is mended, or excepted here, or in ../.shellcheckrc, with the reason.

load helpers

# kernel_sources - of mp3.ko, and of the module that it is compared with; those of the tests are left out
# programs - the rest of what is written in C
setup() {
	cd "$ROOT" || return
	mapfile -t kernel_sources < <(sed -n 's/^mp3-y := //p' mp3/Kbuild | tr ' ' '\n' | sed 's|\(.*\).o$|mp3/\1.c|'
		find experiments -name rearmed.c)
	[ ${#kernel_sources[@]} -ge 6 ]
	mapfile -t programs < <(find mp3 experiments bats -name '*.c' ! -name '*.mod.c' ! -path 'bats/delay/*' |
		grep -vxF "$(printf '%s\n' "${kernel_sources[@]}")")
	[ ${#programs[@]} -ge 15 ]
}

@test "shellcheck finds nothing in the scripts, nor in the tests" {
	mapfile -t scripts < <(grep -l -m 1 -E '^#!/bin/(ba)?sh' -r .ci experiments mp3 bats plots)
	[ ${#scripts[@]} -ge 15 ]
	# -a: and in what they source
	run -0 shellcheck -a "${scripts[@]}" experiments/cases/* experiments/{atomic,case,environment} experiments/measure/bench \
		mp3/completion.bash bats/*.bats bats/*/*.bats bats/*.bash bats/lib/*
	assert_output ""
}

@test "sparse finds nothing in the module" {
	experiments/machine/kernel 6.1
	cp -r mp3 "$BATS_TEST_TMPDIR/mp3"
	make -s -C "$BATS_TEST_TMPDIR/mp3" clean
	run -0 make -C "build/kernel/6.1/$(readlink build/kernel/6.1/kdir)" M="$BATS_TEST_TMPDIR/mp3" \
		C=2 CF="-Wbitwise -Wcontext" modules
	# each of its sources has been looked at
	assert_equal "$(grep -c '^  CHECK ' <<<"$output")" $((${#kernel_sources[@]} - 1))
	refute_output --regexp "warning|error"
}

# EXPORTED_WORLD_WRITABLE: anybody may register what is his, and registry.c looks whose it is.
# CAMELCASE: it takes _Static_assert for a name of ours.
@test "checkpatch --strict finds nothing in the module, nor in the one that it is compared with" {
	checkpatch=$ROOT/build/kernel/debug/linux/scripts/checkpatch.pl
	[ -f "$checkpatch" ] || skip "only the debug kernel's source has it: make test-debug"
	mapfile -t headers < <(find mp3 -name mp3.h -o -name internal.h)
	cd "$BATS_TEST_TMPDIR"	# it leaves a file
	run -0 perl "$checkpatch" --strict --no-tree --terse --file \
		--ignore EXPORTED_WORLD_WRITABLE,CAMELCASE "${headers[@]/#/$ROOT/}" "${kernel_sources[@]/#/$ROOT/}"
	refute_output --regexp "(ERROR|WARNING|CHECK):"
}

@test "the compiler's analyzer finds nothing in the programs" {
	for file in "${programs[@]}"; do
		# gcc 14 takes what dup2() has put onto a standard stream for a leak
		run -0 gcc -std=gnu11 -O2 -Wall -Wextra -Wshadow -Wmissing-prototypes -fanalyzer -Wno-analyzer-fd-leak -Werror \
			-c -o /dev/null "$file"
	done
}

# Its portability checks are left out: this is GNU C, as the kernel is.
@test "cppcheck finds nothing in the programs" {
	run -0 cppcheck -q --std=c11 --enable=warning --suppress=normalCheckLevelMaxBranches --inline-suppr --error-exitcode=1 "${programs[@]}"
	assert_output ""
}
