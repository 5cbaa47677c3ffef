#!/usr/bin/env bats
# oracle: theory and an LRU simulation beside measurements. Expectations are computed by
# hand; and the committed measurements must agree with theory within what is stated here.

load helpers

setup_file() {
	export ORACLE=$BATS_FILE_TMPDIR/oracle
	"${CC:-gcc}" -std=gnu11 -g -O1 -Wall -Wextra -Wshadow -Wmissing-prototypes -Werror \
		-fsanitize=address,undefined -fno-sanitize-recover=all \
		-o "$ORACLE" "$ROOT/experiments/oracle.c" "$ROOT/experiments/text.c" -lm
	make -s -C "$ROOT/mp3" work
}

setup() { cd "$BATS_TEST_TMPDIR" || return; }

theory=$BATS_TEST_DIRNAME/../results/sim-6.1-theory

# recorded PID RSS_KB - one record, from 0 to a day
recorded() {
	printf 'header\n%s\n' "5000000000	50000000	$1	0	---	0	0	0	$2	0	0	work"
}

# fixture MODE - two iterations of 2 and 3 accesses to 1 MB, by PID 7
fixture() {
	printf '%s\n' "work: pid=7 iteration=1 begin_ns=1 end_ns=2 touches=2 distinct=2 minor=2 major=0" \
		"work: pid=7 iteration=2 begin_ns=4000000000 end_ns=6000000000 touches=5 distinct=4 minor=3 major=1" \
		"work: pid=7 mb=1 mode=$1 accesses=3 seed=1 touches=5 distinct=4 elapsed_s=6.0 minor=5 major=1 minor_max=5 major_max=1"
}

# 256 (1 - (255/256)^2) = 1.99609; the variance is that of one collision: p(1 - p), p = 1/256.
@test "the expectation of two accesses is that of one collision" {
	fixture R > work
	run -0 "$ORACLE" touches work
	assert_line --index 0 "$(printf 'accesses\texpected\tsd\tdistinct\tminor')"
	assert_line --index 1 "$(printf '2\t2.00\t0.06\t2\t2')"
	assert_line --index 2 --regexp "^5	4.96	0.2[0-9]	4	5$"
}

# 3 accesses in the second half, 2 of them first touches: 1 counts. 3 minor faults, of
# which 2 are first touches. 64 of 256 pages are resident.
@test "misses counts the second half without first touches" {
	fixture R > work
	recorded 7 256 > records
	run -0 "$ORACLE" misses records work
	run -0 cut -f 1-11 <<< "${lines[1]}"
	assert_output "$(printf 'R\t1\t256\t64.0\t0.2500\t1\t1\t1\t1.00000\t1.00000\t0.75000')"
}

# Independent references miss with 1 - M/W whatever is replaced: so must LRU. Five times
# sqrt(0.5 * 0.5 / 20000) is 0.018.
@test "LRU misses uniform accesses as often as theory says" {
	"$ROOT/mp3/work" -v -n 2 -s 3 8 R 20000 2>&1 | grep -v 'not there' > work
	pid=$(sed -n 's/.*pid=\([0-9]*\) mb.*/\1/p' work)
	end=$(sed -n 's/.*iteration=2 .*end_ns=\([0-9]*\).*/\1/p' work)
	recorded "$pid" 4096 | sed "2s/^[0-9]*/$end/" > records
	run -0 "$ORACLE" misses records work
	run -0 awk '{ off = $12 - $11; print (off < 0.018 && off > -0.018) }' <<< "${lines[1]}"
	assert_output 1
}

# Loops over more pages than there are frames are LRU's worst; work has none. With all
# pages resident, nothing is missed.
@test "LRU misses nothing when all is resident" {
	"$ROOT/mp3/work" -v -n 2 8 L 3000 2>&1 | grep -v 'not there' > work
	pid=$(sed -n 's/.*pid=\([0-9]*\) mb.*/\1/p' work)
	end=$(sed -n 's/.*iteration=2 .*end_ns=\([0-9]*\).*/\1/p' work)
	recorded "$pid" 8192 | sed "2s/^[0-9]*/$end/" > records
	run -0 "$ORACLE" misses records work
	run -0 cut -f 11,12 <<< "${lines[1]}"
	assert_output "$(printf '0.00000\t0.00000')"
}

@test "first touches are within four standard deviations of theory, and one fault" {
	run -0 awk 'NR > 1 { off = $4 - $2; if (off < 0) off = -off
		if (off > 4 * $3 || $5 < $4 || $5 > $4 + 1) print } END { print NR }' "$theory/theory.touches.tsv"
	assert_output 21
}

@test "uniform accesses miss within 0.01 of 1 - M/W, from M/W of 0.3 to 0.97" {
	run -0 awk '$1 == "R" { n++; off = $9 + $10 - $11; if (off > 0.01 || off < -0.01) print
			if (n == 1) most = $5; least = $5 }
		END { print n, (least <= 0.3), (most >= 0.95) }' "$theory/theory.misses.tsv"
	assert_output "10 1 1"
}

@test "accesses with locality miss within 15% of LRU" {
	run -0 awk '$1 == "L" { n++; ratio = ($9 + $10) / $12; if (ratio > 1.15 || ratio < 0.85) print }
		END { print n }' "$theory/theory.misses.tsv"
	assert_output 3
}

@test "what is no report or record is refused with its line" {
	fixture R | sed 2d > work
	run -1 "$ORACLE" misses /dev/null work
	assert_line "oracle: work: one iteration has no second half"
	fixture R | sed 1d > work
	run -1 "$ORACLE" touches work
	assert_output --partial "oracle: work:1: expected an iteration or a report of work, found"
	fixture L > work
	run -1 "$ORACLE" touches work
	assert_output "oracle: work: the accesses are not uniform: mode L"
	printf 'header\nx\n' > records
	run -1 "$ORACLE" misses records work
	assert_line 'oracle: records:2: expected a record, found "x"'
	recorded 8 1 > records
	run -1 "$ORACLE" misses records work
	assert_line "oracle: records: no record of process 7 in the second half of its iterations"
	run -2 "$ORACLE" guess
	assert_line "oracle: unknown command, or not its arguments"
}
