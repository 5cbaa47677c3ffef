#!/usr/bin/env bats
# bats file_tags=guest
# What make promises: an experiment is a file, a run is a row, and what is there with the same
# inputs is not run again. In a copy of the tree, in the smallest of machines.

load helpers
load lib/tree

row=sim-6.1-192-none-1/tiny-1

setup_file() {
	export tree=$BATS_FILE_TMPDIR/tree
	scratch_tree "$tree"
	tiny_case "$tree/experiments/cases/tiny"
	cd "$tree" || return
	make -s N=1 tiny 2>&3
}

setup() {
	cd "$tree" || return
	cp -rp "$ROOT"/mp3 "$ROOT"/experiments .
	tiny_case experiments/cases/tiny
}

# results - what lies there, with the time of its last change
results() { find results build/rows plots/*/ -type f -printf '%p %T@\n' 2> /dev/null | sort; }

# says_no MESSAGE ARGUMENT... - make ends with 2 and one line, and nothing is made
says_no() {
	local before
	before=$(results)
	run -2 make "${@:2}"
	assert_equal ${#lines[@]} 1
	assert_output --partial "$1"
	assert_equal "$(results)" "$before"
}

@test "make alone prints the verbs, the cases and the knobs" {
	run -0 make
	for word in tiny case1 case2 case3 theory sweep bench-cost results verify plots report list test test-quick \
		test-all test-debug soak check shell install pin clean MACHINE KERNEL MEM SWAP SEED SEEDS N KNOBS CASES \
		RUNS AUTO_DEPS KERNELS OPERATIONS HOURS; do
		assert_output --regexp "(^|[^A-Za-z0-9])$word[^A-Za-z0-9]"
	done
	refute_output --partial "Error"
}

@test "a new case is one file: it is run, tabulated, drawn, and run again by verify" {
	cat > experiments/cases/mine <<-'END'
		# mine - a sort that makes its own input
		memory=192 swap=none
		run() {
			head -c 2000000 /dev/urandom | tr -dc a-z | fold -w 20 > /tmp/input
			profile sorted sort -o /tmp/output /tmp/input
		}
	END
	run -0 make mine
	assert_output --partial "plots/sim-6.1-192-none-1/mine.profile.svg"
	run -0 ls results/sim-6.1-192-none-1/mine
	assert_output "$(printf '%s\n' meta.tsv settings.tsv sorted.counters.tsv sorted.data sorted.processes.tsv sorted.series.tsv \
		sorted.system.tsv sorted.work)"
	# it is sort that was profiled
	run -0 cut -f 5 results/sim-6.1-192-none-1/mine/sorted.processes.tsv
	grep -q sort results/sim-6.1-192-none-1/mine/sorted.processes.tsv
	run -0 make -s verify RUNS=sim-6.1-192-none-1/mine
	assert_line --regexp '^verify: sim-6.1-192-none-1/mine: the same, [0-9]+ bytes in 9 files, '
	rm experiments/cases/mine
}

@test "a run leaves its files in a directory of its own, and its records in build/" {
	assert_equal "$(ls results/$row)" "$(printf '%s\n' meta.tsv settings.tsv tiny-1.counters.tsv tiny-1.data \
		tiny-1.processes.tsv tiny-1.series.tsv tiny-1.system.tsv tiny-1.work)"
	assert_equal "$(ls build/rows/$row)" "$(printf '%s\n' meta.tsv settings.tsv tiny-1.counters.tsv tiny-1.data \
		tiny-1.processes.tsv tiny-1.records.tsv.gz tiny-1.series.tsv tiny-1.system.tsv tiny-1.system.tsv.gz tiny-1.work)"
	# of a machine without a swap device, what that would count is nothing
	run -0 awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		{ print $at["swap_reads"], $at["swap_busy_ms"], ($at["pgfault"] ~ /^[0-9]+$/) }' results/$row/tiny-1.system.tsv
	assert_line --index $((${#lines[@]} - 1)) "nan nan 1"
	# each is in the provenance, by its digest
	while IFS='	' read -r file digest; do
		assert_equal "$file $(sha256sum < "build/rows/$row/$file" | cut -d ' ' -f 1)" "$file $digest"
	done < <(sed -n 's/^digest[.]//p' results/$row/meta.tsv)
	assert_equal "$(grep -c ^digest results/$row/meta.tsv)" 9
}

@test "what is there with the same inputs is not run again, whatever the dates say" {
	before=$(results)
	touch experiments/cases/tiny experiments/machine/* mp3/module/*.c mp3/tools/*.c
	run -0 make -s N=1 tiny
	refute_output --partial "in the machine"
	assert_equal "$(results)" "$before"
}

@test "a comment that changes anywhere runs nothing again" {
	before=$(results)
	for file in mp3/module/registry.c mp3/tools/work.c experiments/machine/lockstep.c experiments/machine/sample-system.c; do
		cp $file "$BATS_TEST_TMPDIR"
		echo '/* a comment */' >> $file
	done
	for file in experiments/machine/init experiments/machine/inside experiments/machine/profile experiments/cases/tiny; do
		cp $file "$BATS_TEST_TMPDIR"
		echo '# a comment' >> $file
	done
	run -0 make -s N=1 tiny
	refute_output --partial "in the machine"
	assert_equal "$(results)" "$before"
}

@test "what goes into the machine and is another runs it again, whatever it is" {
	for change in 's/16 R 1000/16 R 1001/;experiments/cases/tiny' 's/SAMPLES		12000/SAMPLES		11999/;mp3/mp3.h' \
		's/^set -eu/set -u -e/;experiments/machine/inside'; do
		sed -i "${change%;*}" "${change##*;}"
		run -0 --separate-stderr experiments/run -n $row
		assert_output "other	$row"
		run -0 experiments/list -k $row
		assert_output "$row"
		setup
	done
	run -0 --separate-stderr experiments/run -n $row
	assert_output "same	$row"
	# and without being asked
	run -0 experiments/list -k $row
	assert_output ""
}

@test "a row's axes are its own, whatever the case says of them or the environment of others" {
	run -0 make -s MEM=224 SWAP=zram:64 N=1 tiny
	other=results/sim-6.1-224-zram64-1/tiny-1/meta.tsv
	assert_equal "$(grep -E '^(memory_mb|swap|swap_mb)	' $other | cut -f 2 | paste -sd ' ')" "224 zram 64"
	rm -r results/sim-6.1-224-zram64-1 plots/sim-6.1-224-zram64-1
	run -0 --separate-stderr env KERNEL=/nowhere/vmlinuz-6.9 MEM=512 SEED=2 experiments/run -n $row
	assert_output "same	$row"
}

@test "list tells the rows of a goal and which of them are there" {
	run -0 --separate-stderr make -s list CASES=tiny N="1 2"
	assert_output "$(printf 'same\tsim-6.1-192-none-1/tiny-1\nmissing\tsim-6.1-192-none-1/tiny-2')"
}

@test "a figure and its table are named by all rows that they are made of, and made once" {
	assert [ -s results/$row.runs.tsv ]
	assert [ -s plots/$row.levels.svg ]
	mkdir results/sim-6.1-192-none-1/tiny-2
	for file in "results/$row"/*; do cp "$file" "results/sim-6.1-192-none-1/tiny-2/$(basename "${file/tiny-1/tiny-2}")"; done
	run -0 make -s N="1 2" plots CASES=tiny
	assert_output "$(printf '%s\n' results/sim-6.1-192-none-1/tiny-1,2.runs.tsv plots/sim-6.1-192-none-1/tiny-1,2.levels.svg)"
	assert_equal "$(wc -l < results/sim-6.1-192-none-1/tiny-1,2.runs.tsv)" 3
	run -0 make -s N="1 2" plots CASES=tiny
	assert_output ""
	rm -r results/sim-6.1-192-none-1/tiny-2 results/*/tiny-1,2.* plots/*/tiny-1,2.*
}

@test "a failed run leaves earlier results as they are" {
	sed -i 's/16 R 1000/16 R 1001; false/' experiments/cases/tiny
	before=$(results)
	run ! make -s N=1 tiny
	assert_output --partial "the command failed with status 1"
	assert_equal "$(results)" "$before"
}

@test "a make that is told to end ends its machine, and leaves nothing" {
	# it would go on for an hour
	sed -i 's|16 R 1000|16 R 1000000000|' experiments/cases/tiny
	before=$(results)
	for signal in INT TERM; do
		setsid env --default-signal make -s N=1 tiny > "$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
		make=$!
		until pgrep -g $make -f 'qemu-system.* -initrd ' > /dev/null; do
			kill -0 $make || fail "no machine: $(cat "$BATS_TEST_TMPDIR/said")"
			sleep 0.1
		done
		# to the whole group, as a terminal does; or as kill, which does not know of the others
		if [ $signal = INT ]; then kill -INT -- -$make; else kill -TERM $make; fi
		! wait $make || fail "it succeeded"
		while pgrep -g $make > /dev/null; do sleep 0.1; done
		assert_equal "$(results)" "$before"
		# the evidence of failed ones stays
		assert_equal "$(find build/lab -mindepth 1 -maxdepth 1 ! -exec test -e {}/kept \; -print)" ""
	done
}

@test "a knob that is none, or a value of one, is one line, before anything runs" {
	says_no "no such knob: machine" machine=tcg tiny
	says_no "no such knob: MACHINES" MACHINES=tcg tiny
	says_no "no such knob: swap" swap=ssd tiny
	for n in 5..1 0 abc -1; do says_no "N: " N=$n tiny; done
	says_no "SEED: abc is not" SEEDS=abc tiny
	says_no "no such kernel: 9.9 (there are: " KERNEL=9.9 tiny
	says_no "no such swap model: floppy" SWAP=floppy tiny
	says_no "no such case: nothing" list CASES=nothing
}

@test "what a case has beside it is built first, whichever goal asks for its rows" {
	for goal in bench bench-work results/sim-6.1-2048-none-1/bench-work/meta.tsv "list CASES=bench-work"; do
		# shellcheck disable=SC2086 # a list of words
		run -0 make -n $goal
		assert_output --partial build/measure/tools.tar
	done
}

@test "a locale with a decimal comma changes no table, no figure and no text" {
	localedef -i de_DE -f UTF-8 "$BATS_TEST_TMPDIR/de_DE.UTF-8"
	export LOCPATH=$BATS_TEST_TMPDIR LC_ALL=de_DE.UTF-8 LANG=de_DE.UTF-8
	# it is one, here
	assert_equal "$(env printf '%.1f' 0,5)" 0,5
	cp results/$row.runs.tsv plots/$row.levels.svg "$BATS_TEST_TMPDIR"
	rm results/$row.runs.tsv plots/$row.levels.svg
	make -s N=1 plots CASES=tiny
	cmp results/$row.runs.tsv "$BATS_TEST_TMPDIR/tiny-1.runs.tsv"
	cmp plots/$row.levels.svg "$BATS_TEST_TMPDIR/tiny-1.levels.svg"
	printf 'disk.rate\t0.5\n' > facts
	printf '{{disk.rate / 2 %%.2f}}{{assert disk.rate > 0.4}}\n' > template
	run -0 make -s -f - <<-'END'
		knobs :=
		include experiments/environment.mk
		all: ; @awk -f experiments/report/fill.awk facts template
	END
	assert_output 0.25
}

@test "variables that programs take from the environment change nothing that goes into a run" {
	for setting in CDPATH=. ARCH=arm64 CROSS_COMPILE=nonesuch- KBUILD_OUTPUT=/nowhere KCFLAGS=-O0 CPATH=/nowhere \
		C_INCLUDE_PATH=/nowhere LIBRARY_PATH=/nowhere GZIP=-1 XZ_OPT=-0 TAR_OPTIONS=--totals GREP_OPTIONS=-v \
		POSIXLY_CORRECT=1 BLOCK_SIZE=1 QUOTING_STYLE=shell LS_COLORS=no=01 TIME_STYLE=full-iso GNUTERM=dumb \
		SOURCE_DATE_EPOCH=1 TZ=Pacific/Kiritimati LANG=tr_TR.UTF-8 BASH_ENV=/nowhere ENV=/nowhere \
		QEMU_AUDIO_DRV=none M=/nowhere O=/nowhere V=1 W=1 LOCALVERSION=-x CLEAN_ENVIRONMENT=yes; do
		export "${setting?}"
	done
	rm -rf build/mp3 build/lockstep.so build/reduce
	run -0 make -s N=1 tiny
	refute_output --partial "in the machine"
	run -0 --separate-stderr experiments/run -n $row
	assert_output "same	$row"
}

@test "a path that make or the kernel's build cannot take is one line that says so" {
	for name in "my tree" "o'brien" "a:b" "a,b" "a=b" "a#b" 'a$b' "a%b" 'a"b' 'a\b' "a;b"; do
		place=$BATS_TEST_TMPDIR/$name
		mkdir "$place"
		cp Makefile "$place"
		cp -r experiments plots "$place"
		run -2 make -C "$place" --no-print-directory N=1 tiny
		assert_equal "$name: ${#lines[@]}" "$name: 1"
		assert_output --partial "cannot take each character"
		run ! "$place/experiments/lab" -n -S none -- true
		assert_equal "$name: ${#lines[@]}" "$name: 1"
		assert_output --partial "cannot take"
		rm -r "$place"
	done
}

@test "make from elsewhere says where to go" {
	cd /
	run -2 make -f "$tree/Makefile"
	assert_equal ${#lines[@]} 1
	assert_output --partial "make -C $tree"
}

@test "missing packages are named, and not installed, with AUTO_DEPS=0" {
	run -1 env AUTO_DEPS=0 experiments/packages make no-such-package
	assert_output --regexp '^packages: missing; install them with: .*apt-get install .* no-such-package$'
}

@test "packages that are there are no words worth" {
	run -0 experiments/packages make
	assert_output ""
}

@test "a package that does not exist is one clear line" {
	[ "$(id -u)" = 0 ] || skip "only root installs without a password"
	run -1 env AUTO_DEPS=1 experiments/packages no-such-package
	assert_line --regexp '^packages: cannot install no-such-package: see build/packages.log$'
}
