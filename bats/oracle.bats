#!/usr/bin/env bats
# oracle: theory and an LRU simulation beside measurements. Expectations are computed by
# hand; and the committed measurements must agree with theory within what is stated here.

load helpers
load tables

setup_file() {
	build_tables
	export ORACLE=$TABLES/oracle
	make -s -C "$ROOT/mp3" work
}

setup() { cd "$BATS_TEST_TMPDIR" || return; }

# of_theory touches|misses - the table of the committed runs
of_theory() {
	local row
	row=$ROOT/results/sim-6.1-160-ssd512-1/theory
	if [ "$1" = touches ]; then
		"$ORACLE" touches "$row/touches"
	else
		# shellcheck disable=SC2046 # words
		"$ORACLE" misses $(printf '%s\n' "$row"/random-*.data "$row"/local-*.data | sed 's/[.]data$//')
	fi
}

# resident PID RSS_KB SECONDS [RSS_KB SECONDS]... - the run's one process, which began at 1 s of
# the clock, and its resident set at times since then
resident() {
	printf 'process\tlabel\tpid\tparent\tcommand\treport\tminor\tmajor\tcpu_s\tpeak_rss_kb\tbegin_s\telapsed_s\n' > run.processes.tsv
	printf '1\twork\t%s\t0\twork\t1\t5\t1\t0.1\t9\t1.000000000\t9.0\n' "$1" >> run.processes.tsv
	shift
	{
		printf 'process\tseconds\tminor_total\tmajor_total\tutilization\trss_kb\tswap_kb\n'
		printf '1\t%s\t0\t0\tnan\t%s\t0\n' "$@"
	} > run.series.tsv
}

# fixture MODE - two iterations of 2 and 3 accesses to 1 MB, by PID 7
fixture() {
	printf '%s\n' "work: pid=7 iteration=1 begin_ns=1 end_ns=2 touches=2 distinct=2 minor=2 major=0" \
		"work: pid=7 iteration=2 begin_ns=4000000000 end_ns=6000000000 touches=5 distinct=4 minor=3 major=1" \
		"work: pid=7 mb=1 mode=$1 accesses=3 seed=1 touches=5 distinct=4 elapsed_s=6.0 minor=5 major=1 minor_max=5 major_max=1"
}

# 256 (1 - (255/256)^2) = 1.99609; the variance is that of one collision: p(1 - p), p = 1/256.
@test "the expectation of two accesses is that of one collision" {
	fixture R > run.work
	run -0 "$ORACLE" touches run
	assert_line --index 0 "$(printf 'accesses\texpected\tsd\tdistinct\tminor')"
	assert_line --index 1 "$(printf '2\t2.00\t0.06\t2\t2')"
	assert_line --index 2 --regexp "^5	4.96	0.2[0-9]	4	5$"
}

# 3 accesses in the second half, 2 of them first touches: 1 counts. 3 minor faults, of
# which 2 are first touches. 64 of 256 pages are resident, at 5 s of the clock; what is at 2 s,
# in the first half, and at 8 s, behind the second, does not count.
@test "misses counts the second half without first touches" {
	fixture R > run.work
	resident 7 1.0 4 3.5 128 4.0 384 7.0 4
	run -0 "$ORACLE" misses run
	run -0 cut -f 1-11 <<< "${lines[1]}"
	assert_output "$(printf 'R\t1\t256\t64.0\t0.2500\t1\t1\t1\t1.00000\t1.00000\t0.75000')"
}

# Independent references miss with 1 - M/W whatever is replaced: so must LRU. Five times
# sqrt(0.5 * 0.5 / 20000) is 0.018.
@test "LRU misses uniform accesses as often as theory says" {
	"$ROOT/mp3/work" -v -n 2 -s 3 8 R 20000 2>&1 | grep -v 'not there' > run.work
	pid=$(sed -n 's/.*pid=\([0-9]*\) mb.*/\1/p' run.work)
	end=$(sed -n 's/.*iteration=2 .*end_ns=\([0-9]*\).*/\1/p' run.work)
	resident "$pid" "$(awk -v ns="$end" 'BEGIN { printf "%.6f", (ns - 1000) / 1e9 - 1 }')" 4096
	run -0 "$ORACLE" misses run
	run -0 awk '{ off = $12 - $11; print (off < 0.018 && off > -0.018) }' <<< "${lines[1]}"
	assert_output 1
}

# Loops over more pages than there are frames are LRU's worst; work has none. With all
# pages resident, nothing is missed.
@test "LRU misses nothing when all is resident" {
	"$ROOT/mp3/work" -v -n 2 8 L 3000 2>&1 | grep -v 'not there' > run.work
	pid=$(sed -n 's/.*pid=\([0-9]*\) mb.*/\1/p' run.work)
	end=$(sed -n 's/.*iteration=2 .*end_ns=\([0-9]*\).*/\1/p' run.work)
	resident "$pid" "$(awk -v ns="$end" 'BEGIN { printf "%.6f", (ns - 1000) / 1e9 - 1 }')" 8192
	run -0 "$ORACLE" misses run
	run -0 cut -f 11,12 <<< "${lines[1]}"
	assert_output "$(printf '0.00000\t0.00000')"
}

@test "first touches are within four standard deviations of theory, and one fault" {
	run -0 awk 'NR > 1 { off = $4 - $2; if (off < 0) off = -off
		if (off > 4 * $3 || $5 < $4 || $5 > $4 + 1) print } END { print NR }' <<< "$(of_theory touches)"
	assert_output 21
}

@test "uniform accesses miss within 0.01 of 1 - M/W, from M/W of 0.3 to 0.94" {
	run -0 awk '$1 == "R" { n++; off = $9 + $10 - $11; if (off > 0.01 || off < -0.01) print
			if (n == 1 || $5 > most) most = $5; if (n == 1 || $5 < least) least = $5 }
		END { print n, (least <= 0.3), (most >= 0.94) }' <<< "$(of_theory misses)"
	assert_output "10 1 1"
}

@test "accesses with locality miss within 15% of LRU" {
	run -0 awk '$1 == "L" { n++; ratio = ($9 + $10) / $12; if (ratio > 1.15 || ratio < 0.85) print }
		END { print n }' <<< "$(of_theory misses)"
	assert_output 3
}

@test "what is no report or series is refused with its line" {
	resident 7 4.0 256
	fixture R | sed 2d > run.work
	run -1 "$ORACLE" misses run
	assert_line "oracle: run.work: one iteration has no second half"
	fixture R | sed 1d > run.work
	run -1 "$ORACLE" touches run
	assert_output --partial "oracle: run.work:1: expected an iteration or a report of work, found"
	fixture L > run.work
	run -1 "$ORACLE" touches run
	assert_output "oracle: run.work: the accesses are not uniform: mode L"
	resident 7 8.0 256
	run -1 "$ORACLE" misses run
	assert_line "oracle: run.series.tsv: nothing in the second half of the iterations of process 7"
	resident 7 x 256
	run -1 "$ORACLE" misses run
	assert_line 'oracle: run.series.tsv:2: expected a row of a series, found "1?x?0?0?nan?256?0"'
	sed -i 1d run.series.tsv
	run -1 "$ORACLE" misses run
	assert_line 'oracle: run.series.tsv:1: expected the header row of a series, found "1?x?0?0?nan?256?0"'
	resident 8 4.0 256
	run -1 "$ORACLE" misses run
	assert_line "oracle: run.processes.tsv: process 7 is not the only one"
	run -2 "$ORACLE" guess
	assert_line "oracle: unknown command, or not its arguments"
}
