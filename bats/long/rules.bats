#!/usr/bin/env bats
# What the literature says of three knobs, as comparisons of four seeds: in which direction a knob moves what, and
# how far. Expected sizes are calculated by hand where they can be.

load ../helpers
load ../lib/tree

setup_file() {
	export tree=$BATS_FILE_TMPDIR/tree
	scratch_tree "$tree"
	cd "$tree" || return
	# which takes nothing of its seed
	make -s -j2 compare A="" B="vm.page-cluster=0" CASES=thrash N=sequential 2>&3
	make -s -j2 compare A="" B="vm.page-cluster=0" C="vm.watermark_scale_factor=1000" CASES=thrash N=local SEEDS=4 2>&3
	make -s -j2 compare A="" B="vm.swappiness=200" CASES=thrash N=files SEEDS=4 2>&3
}

# says ARGUMENT FIGURE B COLUMN... - of the table of that comparison
says() {
	table=$(find "$tree/results/compare/thrash-$1" -name '*.tsv' ! -name '*.runs.tsv')
	awk -F '\t' -v figure="$2" -v b="$3" -v names="${*:4}" '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; n = split(names, name, " "); next }
		$1 == figure && $at["b"] == b { for (i = 1; i <= n; i++) printf "%s%s", $at[name[i]], i < n ? " " : "\n" }' "$table"
}

# between LEAST NUMBER MOST
between() { awk -v least="$1" -v number="$2" -v most="$3" 'BEGIN { exit !(least <= number && number <= most) }' || fail "$2 is not from $1 to $3"; }

# vm.page-cluster=3 reads 2^3 pages at a time
@test "without readahead of swap, sequential accesses have eight times the major faults, and take longer" {
	between 7 "$(says sequential major B ratio)" 9
	between 3 "$(says sequential last_completion B ratio)" 8
}

# The kernel reads one page where what it read ahead was not used (swapin_nr_pages() in mm/swap_state.c).
@test "other accesses neither gain nor lose by readahead of swap, since the kernel gives it up" {
	assert_equal "$(says local major B verdict)" "no difference seen"
	between 0.9 "$(says local swap_ins B ratio)" 1.1
	for row in "$tree"/results/sim-6.1-184-disk320-[1-4]/thrash-local/*.counters.tsv; do
		awk -F '\t' '$1 == "swap_ra" { ahead = $3 - $2 } $1 == "pswpin" { all = $3 - $2 }
			END { exit !(all > 5000 && ahead < 0.1 * all) }' "$row"
	done
}

@test "with zram, a large swappiness keeps a file in memory, and is done sooner" {
	assert_equal "$(says files refaults_file B verdict)" better
	between 0.1 "$(says files refaults_file B ratio)" 0.6
	assert_equal "$(says files last_completion B verdict)" better
	between 0.6 "$(says files last_completion B ratio)" 0.9
	# for which it swaps
	assert_equal "$(says files swap_outs B verdict)" worse
}

# kswapd wakes up when a tenth of the memory is still free
@test "with a large watermark_scale_factor, nobody reclaims directly, and there are more faults" {
	between 500 "$(says local direct_scanned C min_a)" 1000000
	assert_equal "$(says local direct_scanned C max_b ratio verdict)" "0 0 better"
	assert_equal "$(says local stalls C max_b)" 0
	assert_equal "$(says local major C verdict)" worse
	between 1.8 "$(says local major C ratio)" 4
}
