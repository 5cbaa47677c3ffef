#!/usr/bin/env bats
# The report: numbers are filled into the prose, or there is no report.

load helpers

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	printf 'disk.major\t1234567\ndisk.rate\t12.5\nssd.rate\t50\ndisk.kernel\t6.1-x\nfit.rate\tnan\n' > facts
}

# report TEMPLATE-TEXT
report() {
	printf '%s\n' "$1" > template
	LC_ALL=C.UTF-8 awk -f "$ROOT/experiments/report/fill.awk" facts template
}

@test "a key is replaced by its value" {
	run -0 report 'Linux {{disk.kernel}} had {{disk.major}}, and {{disk.rate}}.'
	assert_output 'Linux 6.1-x had 1234567, and 12.5.'
}

@test "a format is applied, and thousands are grouped" {
	run -0 report '{{disk.major %,d}} {{ssd.rate %.2f}} {{disk.rate %03d}}'
	assert_output '1,234,567 50.00 012'
}

@test "nanoseconds are written in the unit that suits them" {
	run -0 report '{{7 %ns}} {{999 %ns}} {{999.6 %ns}} {{64448 %ns}} {{2247577 %ns}} {{999999999 %ns}} {{1092974063 %ns}} {{45000000000 %ns}}'
	assert_output '7 ns 999 ns 1.00 us 64.4 us 2.25 ms 1.00 s 1.09 s 45.0 s'
}

@test "what there is no number for is a dash" {
	run -0 report '{{fit.rate}} {{fit.rate %.2f}} {{fit.rate %,d}}'
	assert_output '- - -'
	run -1 report '{{fit.rate * 2 %g}}'
	assert_output --partial 'fit.rate is no number: nan'
	run -1 report '{{assert fit.rate < 1}}'
}

@test "keys and numbers are calculated with, from left to right" {
	run -0 report '{{ssd.rate / disk.rate %.1f}} {{ssd.rate - disk.rate %g}} {{disk.rate * 2 %g}} {{disk.rate + 1 %g}} {{ssd.rate - 10 / disk.rate * 100 %g}}'
	assert_output '4.0 37.5 25 13.5 320'
}

@test "an assertion that holds leaves no trace" {
	run -0 report "$(printf 'a\n{{assert disk.rate < ssd.rate}}\n{{assert ssd.rate > 3}}\n{{assert ssd.rate = 50.2}}\n{{assert ssd.rate / 5 < disk.rate + 1}}\nb')"
	assert_output "$(printf 'a\nb')"
}

@test "an assertion that does not hold ends it, with the file, the line and the numbers" {
	run -1 report "$(printf 'a\n{{assert disk.rate > ssd.rate}}')"
	assert_output --partial 'report: template:2: the prose says 12.5 > 50, which is not so'
	run -1 report '{{assert ssd.rate = 51}}'
	run -0 report '{{assert ssd.rate = disk.rate * 4}}'
	run -1 report '{{assert ssd.rate > disk.rate * 4}}'
	assert_output --partial 'the prose says 50 > 50, which is not so'
	# of several relations each must hold
	run -0 report '{{assert 12 < disk.rate < ssd.rate / 2 < 26}}'
	run -1 report '{{assert 12 < disk.rate < ssd.rate / 2 < 24}}'
	assert_output --partial 'the prose says 25 < 24, which is not so'
	run -1 report '{{assert 13 < disk.rate < ssd.rate}}'
	run -1 report '{{assert ssd.rate / 4 > disk.rate + 1}}'
	assert_output --partial 'the prose says 12.5 > 13.5, which is not so'
}

@test "an unknown key, a word for a number, a division by zero and what is no expression end it" {
	run -1 report 'x {{disk.minor}}'
	assert_output --partial 'report: template:1: no such fact: disk.minor'
	run -1 report '{{disk.kernel %d}}'
	assert_output --partial 'no number'
	run -1 report '{{disk.rate / 0 %d}}'
	assert_output --partial 'division by zero'
	for text in 'what is this thing' 'disk.rate +' 'disk.rate + %d' 'disk.rate ssd.rate' 'disk.rate ? ssd.rate %d' \
		'disk.rate + 1' 'assert' 'assert disk.rate' 'assert disk.rate <' 'assert disk.rate + < 3'; do
		run -1 report "{{$text}}"
		assert_output --partial 'report: template:1: '
	done
}

@test "a table takes columns by name, with factors, formats and headings" {
	printf 'n\tmajor\tutilization\tL\n1\t0\t10.26\tnan\n11\t1234567\t3\t0.0351\n' > runs.tsv
	run -0 report '{{table runs.tsv n::N utilization:%.1f:CPU_(%) major:%,d major:%ns:time L*1000:%.1f:L_(us)}}'
	assert_output "$(printf '%s\n' '| N | CPU (%) | major | time | L (us) |' '| ---: | ---: | ---: | ---: | ---: |' \
		'| 1 | 10.3 | 0 | 0 ns | - |' '| 11 | 3.0 | 1,234,567 | 1.23 ms | 35.1 |')"
}

@test "a table that is not there, or lacks a column, ends it" {
	printf 'n\n1\n' > runs.tsv
	run -1 report '{{table runs.tsv n nothing}}'
	assert_output --partial 'runs.tsv has no column nothing'
	run -1 report '{{table none.tsv n}}'
	assert_output --partial 'cannot read none.tsv'
}

# facts_of SET... - with a tabulate that only says what it is called with
facts_of() {
	mkdir -p build
	cp -r "$ROOT/experiments" .
	printf '#!/bin/sh\necho "tabulate $*"\n' > build/tabulate
	chmod +x build/tabulate
	printf '%s\n' "$@" > experiments/report/sets
	: > experiments/report/comparisons
}

@test "facts are those of each run, with what the machine's counters grew by, had been after 20 s, and were set to" {
	facts_of "$(printf 'disk\tsim-6.1-1024-disk-1/case3-5,7')"
	for n in 5 7; do
		row=results/sim-6.1-1024-disk-1/case3-$n
		mkdir -p $row
		: > $row/profile3-$n.data
		printf 'counter\tbegin\tend\nswap_writes\t2\t%s00\n' $n > $row/profile3-$n.counters.tsv
		printf 'setting\tvalue\nvm.swappiness\t6%s\n' $n > $row/settings.tsv
		printf 'seconds\tpswpout\n10.5\t1\n19.9\t%s\n20.1\t99\n' $n > $row/profile3-$n.system.tsv
	done
	run -0 experiments/report/facts
	assert_output "$(printf '%s\n' "tabulate facts disk.profile3-5=${row%7}5/profile3-5 disk.profile3-7=$row/profile3-7" \
		$'disk.profile3-5.counters.swap_writes\t498' $'disk.profile3-5.settings.vm.swappiness\t65' \
		$'disk.profile3-5.by20s.seconds\t19.9' $'disk.profile3-5.by20s.pswpout\t5' \
		$'disk.profile3-7.counters.swap_writes\t698' $'disk.profile3-7.settings.vm.swappiness\t67' \
		$'disk.profile3-7.by20s.seconds\t19.9' $'disk.profile3-7.by20s.pswpout\t7')"
	run -0 experiments/report/facts -l
	assert_output "$(printf '%s\n' "${row%7}5/meta.tsv" "$row/meta.tsv")"
}

@test "facts are the numbers of tables, by their key columns" {
	facts_of "$(printf 'bench\tsim-6.1-1024-disk-1/bench-rate')" "$(printf 'seeds\tsim-6.1-1024-disk-1..7/case3-5,7')"
	row=results/sim-6.1-1024-disk-1/bench-rate seeds=results/sim-6.1-1024-disk-1..7/case3-5,7.seeds.tsv
	mkdir -p $row "${seeds%/*}"
	printf 'state\tsampler\trate\nidle\tmodule\t20.0001\n' > $row/rate.tsv
	printf 'machine\targument\truns\nsim\t5\t7\nsim\t7\t6\n' > "$seeds"
	run -0 experiments/report/facts
	assert_line $'rate.idlemodule.rate\t20.0001'
	assert_line $'seeds.5.runs\t7'
	assert_line $'seeds.7.runs\t6'
	run -0 experiments/report/facts -l
	assert_output "$(printf '%s\n' "$seeds" $row/meta.tsv)"
	rm $row/rate.tsv
	run -1 experiments/report/facts
	assert_output "facts: no $row/rate.tsv"
}

@test "facts are the figures of comparisons, by name, argument and configuration" {
	facts_of '# none'
	printf '%s\t%s\t%s\t%s\n' k.disk kernels thrash 'N=random,local SWAP=disk SEED=1,2' one knobs case1 SEED=1,2 \
		> experiments/report/comparisons
	for what in thrash-random/kernels_sim-6.1-184-disk-1,2 thrash-local/kernels_sim-6.1-184-disk-1,2 case1/knobs_sim-6.1-1024-disk-1,2; do
		mkdir -p "results/compare/${what%/*}"
		printf 'figure\tb\tratio\nmajor\t6.12\t1.5\ncpu\t6.12\t%s\n' ${#what} > "results/compare/$what.tsv"
	done
	run -0 experiments/report/facts
	assert_line $'k.disk.random.6.12.major.ratio\t1.5'
	assert_line $'k.disk.random.6.12.cpu.ratio\t42'
	assert_line $'k.disk.local.6.12.cpu.ratio\t41'
	assert_line $'one.6.12.cpu.ratio\t33'
	run -0 experiments/report/facts -l
	assert_output "$(printf 'results/compare/%s.tsv\n' case1/knobs_sim-6.1-1024-disk-1,2 thrash-{local,random}/kernels_sim-6.1-184-disk-1,2)"
	run -0 experiments/report/facts -c kernels
	assert_output "$(printf 'results/compare/thrash-%s/kernels_sim-6.1-184-disk-1,2.tsv\n' random local)"
	run -0 experiments/report/facts -c none
	assert_output ''
	rm results/compare/case1/*
	run -1 experiments/report/facts
	assert_output "facts: no results/compare/case1/knobs_sim-6.1-1024-disk-1,2.tsv"
}

@test "report.md, its tables and its figures come out of results/ as they are committed" {
	mkdir tree
	cd tree || return
	cp -r "$ROOT/Makefile" "$ROOT/mp3" "$ROOT/experiments" "$ROOT/plots" "$ROOT/results" .
	# but for curves, whose runs are known by their digests alone
	rm -rf plots/*/
	find results -mindepth 2 -maxdepth 2 -name '*.tsv' ! -name '*.curve.tsv' ! -name '*.limits.tsv' -delete
	# what is not there is not run
	printf '#!/bin/sh\nexit 1\n' > experiments/lab
	run -0 make report
	run -0 diff "$ROOT/report.md" report.md
	for file in results/*/*.tsv; do
		run -0 cmp "$ROOT/$file" "$file"
	done
	# a figure names the gnuplot that drew it; another one draws other bytes
	for file in plots/*/*.svg; do
		if [ "$(grep -o 'Produced by GNUPLOT .*patchlevel [^ ]*' "$file")" = \
			"$(grep -o 'Produced by GNUPLOT .*patchlevel [^ ]*' "$ROOT/$file")" ]; then
			run -0 cmp "$ROOT/$file" "$file"
		fi
	done
	[ "$(find plots -name '*.svg' | wc -l)" -ge 6 ]
}
