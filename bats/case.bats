#!/usr/bin/env bats
# A case is a user's file, and its names are its own: functions and variables that are called as the scripts'
# replace none of theirs. And what a case says of KERNEL is said of each kernel.
# shellcheck disable=SC2154 # bats sets stderr

load helpers
load lib/tree

setup_file() {
	export tree=$BATS_FILE_TMPDIR/tree
	scratch_tree "$tree"
	cp -p "$ROOT/plots/draw" "$tree/plots"
	cd "$tree" || return
	# each function of the scripts, and what they are made of
	{
		cat <<-'END'
			# greedy - a case that takes all names
			arguments='1 2'
			memory=192 swap=none figures='profile levels'
			same_axes=greedy-2
			files="build/measure/resident build/measure/${KERNEL-}/rearmed.ko" time=77
			root="/it's ''a\n\"root\"
			with \$lines"
			here=/nowhere row=wrong rows=wrong line=wrong goal=wrong print=wrong text=wrong list=wrong word=wrong
			axis=wrong kernels=wrong seeds=wrong knobs=wrong work=/nowhere new=wrong out=wrong set=wrong to=wrong
			echo words of the case
		END
		{
			sed -n 's/^\([a-z_]*\)() .*/\1/p' experiments/rows experiments/run experiments/case experiments/atomic plots/draw
			printf '%s\n' printf echo sed awk grep cut
		} | sort -u | sed "s/.*/&() { exit 9; }/"
		echo 'run() { :; }'
	} > experiments/cases/greedy
	for name in one die table reduce tidy number listed; do grep -q "^$name() " experiments/cases/greedy; done
}

setup() { cd "$tree" || return; }

# rows ARGUMENT... - without the words of the case, which are no row
rows() { experiments/rows "$@" 2> /dev/null; }

@test "a case with the names of the scripts is listed" {
	run -0 rows -p greedy
	assert_output "$(printf 'sim-6.1-192-none-1/greedy-%s\n' 1 2)"
	run -0 rows sim-6.1-192-none-1/greedy-2
	assert_output "$(printf 'sim-6.1-192-none-1/greedy-2\tgreedy\t2\tsim\t6.1\t192\tnone\t1\t-')"
	run -0 rows -s greedy
	assert_output sim-6.1-192-none-1/greedy-1,2
	run -0 rows -f greedy
	assert_output "$(printf 'plots/sim-6.1-192-none-1/greedy-%s\n' 1.profile.svg 2.profile.svg 1,2.levels.svg)"
	run -2 --separate-stderr experiments/rows greedy no-case
	assert_output ""
	assert_regex "$stderr" 'rows: no such case: no-case'
}

@test "files of a case are told for each kernel, and those of the next case, too" {
	export KERNEL="5.10 6.1"
	run -0 rows -x greedy bench-rate
	for file in resident 5.10/rearmed.ko 6.1/rearmed.ko rate; do assert_line "build/measure/$file"; done
	run -0 rows -x case1 bench-rate
	for file in 5.10/rearmed.ko 6.1/rearmed.ko; do assert_line "build/measure/$file"; done
	refute_output --partial /measure//
}

@test "a case with the names of the scripts is run, with its files, time and root" {
	mv experiments/lab "$BATS_TEST_TMPDIR"
	printf '#!/bin/sh\nfor word; do printf "<%%s>\\n" "$word"; done > said\n' > experiments/lab
	chmod +x experiments/lab
	run -0 --separate-stderr experiments/run -n sim-6.1-192-none-1/greedy-2
	assert_output "$(printf 'missing\tsim-6.1-192-none-1/greedy-2')"
	run -0 cat said
	mv "$BATS_TEST_TMPDIR/lab" experiments
	for word in '<77>' '<build/measure/6.1/rearmed.ko>' "</it's ''a\n\"root\"" 'with $lines>' '<greedy>' '<2>'; do
		assert_line "$word"
	done
}

@test "a case with the names of the scripts is drawn" {
	make -s build/reduce build/tabulate 2>&3
	mkdir -p results/sim-6.1-1024-disk-1
	for row in greedy-1 greedy-2; do cp -r "$ROOT/results/sim-6.1-1024-disk-1/case1" results/sim-6.1-1024-disk-1/$row; done
	# the other one takes ten times as long, which moves the axis
	data=results/sim-6.1-1024-disk-1/greedy-2/profile1.data
	awk 'NR == 1 { first = $1 } { printf "%.0f %s %s %s\n", first + 10 * ($1 - first), $2, $3, $4 }' $data > longer
	mv longer $data
	run -0 plots/draw plots/sim-6.1-1024-disk-1/greedy-1.profile.svg
	assert_line plots/sim-6.1-1024-disk-1/greedy-1.profile.svg
	refute_output --partial wrong
	grep -q 'sim machine, Linux 6.1.*, swap model disk' plots/sim-6.1-1024-disk-1/greedy-1.profile.svg
	cp plots/sim-6.1-1024-disk-1/greedy-1.profile.svg with.svg
	rm -r results/sim-6.1-1024-disk-1/greedy-2
	plots/draw plots/sim-6.1-1024-disk-1/greedy-1.profile.svg
	run -1 cmp -s with.svg plots/sim-6.1-1024-disk-1/greedy-1.profile.svg
}
