#!/usr/bin/env bats
# The report: numbers are filled into the prose, or there is no report.

load helpers

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	printf 'disk.major\t1234567\ndisk.rate\t12.5\nssd.rate\t50\ndisk.kernel\t6.1-x\n' > facts
}

# report TEMPLATE-TEXT
report() {
	printf '%s\n' "$1" > template
	awk -f "$ROOT/experiments/report.awk" facts template
}

@test "a key is replaced by its value" {
	run -0 report 'Linux {{disk.kernel}} had {{disk.major}}, and {{disk.rate}}.'
	assert_output 'Linux 6.1-x had 1234567, and 12.5.'
}

@test "a format is applied, and thousands are grouped" {
	run -0 report '{{disk.major %,d}} {{ssd.rate %.2f}} {{disk.rate %03d}}'
	assert_output '1,234,567 50.00 012'
}

@test "two keys or numbers are calculated with" {
	run -0 report '{{ssd.rate / disk.rate %.1f}} {{ssd.rate - disk.rate %g}} {{disk.rate * 2 %g}} {{disk.rate + 1 %g}}'
	assert_output '4.0 37.5 25 13.5'
}

@test "an assertion that holds leaves no trace" {
	run -0 report "$(printf 'a\n{{assert disk.rate < ssd.rate}}\n{{assert ssd.rate > 3}}\n{{assert ssd.rate = 50.2}}\nb')"
	assert_output "$(printf 'a\nb')"
}

@test "an assertion that does not hold ends it, with the file, the line and the numbers" {
	run -1 report "$(printf 'a\n{{assert disk.rate > ssd.rate}}')"
	assert_output --partial 'report: template:2: the prose says 12.5 > 50, which is not so'
	run -1 report '{{assert ssd.rate = 51}}'
	run -0 report '{{assert ssd.rate = disk.rate * 4}}'
	run -1 report '{{assert ssd.rate > disk.rate * 4}}'
	assert_output --partial 'the prose says 50 > 50, which is not so'
}

@test "an unknown key, a word for a number, and a division by zero end it" {
	run -1 report 'x {{disk.minor}}'
	assert_output --partial 'report: template:1: no such fact: disk.minor'
	run -1 report '{{disk.kernel %d}}'
	assert_output --partial 'no number'
	run -1 report '{{disk.rate / 0 %d}}'
	run -1 report '{{what is this thing}}'
	assert_output --partial 'not understood'
}

@test "a table takes columns by name, with formats and headings" {
	printf 'n\tmajor\tutilization\n1\t0\t10.26\n11\t1234567\t3\n' > runs.tsv
	run -0 report '{{table runs.tsv n::N utilization:%.1f:CPU_(%) major:%,d}}'
	assert_output "$(printf '%s\n' '| N | CPU (%) | major |' '| ---: | ---: | ---: |' \
		'| 1 | 10.3 | 0 |' '| 11 | 3.0 | 1,234,567 |')"
}

@test "a table that is not there, or lacks a column, ends it" {
	printf 'n\n1\n' > runs.tsv
	run -1 report '{{table runs.tsv n nothing}}'
	assert_output --partial 'runs.tsv has no column nothing'
	run -1 report '{{table none.tsv n}}'
	assert_output --partial 'cannot read none.tsv'
}

@test "report.md and its plots come out of results/ as they are committed" {
	cp -r "$ROOT/Makefile" "$ROOT/mp3" "$ROOT/experiments" "$ROOT/plots" "$ROOT/results" .
	rm -f plots/*/*.svg plots/*/*.png results/*/*.tsv.new
	find results -name '*.tsv' ! -name '*.meta.tsv' ! -name '*.counters.tsv' ! -path '*-bench/*' -delete
	run -0 make plots report
	run -0 make SWAP=ssd plots
	refute_output --partial "in the machine"
	run -0 diff -r "$ROOT/results" results
	run -0 diff -r "$ROOT/plots" plots
	run -0 diff "$ROOT/report.md" report.md
}
