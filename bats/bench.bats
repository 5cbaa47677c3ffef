#!/usr/bin/env bats
# What `make bench` measures with, and the goals that the module's cost is held to. In virtual
# time, where an instruction takes a nanosecond, so that they can be counted.

load helpers

setup_file() {
	export seen=$BATS_FILE_TMPDIR/seen meter=$BATS_FILE_TMPDIR/meter
	cc -std=gnu11 -O2 -Wall -Wextra -static -o "$meter" "$ROOT/experiments/meter.c"
	cat > "$BATS_FILE_TMPDIR/guest" <<-'GUEST'
		set -eu
		for n in 100 1000; do
			./meter cost $n 1 2> "$OUT/none-$n"
			./meter cost $n 1 sh -c './meter register > "$OUT/register-'$n'"; exec sleep 1000' 2> "$OUT/module-$n"
		done
		# what the kernel says that it has allocated, with a table for one process, and the default
		for most in max_processes=1 ""; do
			rmmod mp3
			insmod mp3.ko $most
			awk '$1 == "SUnreclaim:" { sum += 1024 * $2 } $1 ~ /^0x/ { sum += $2 }
				END { printf "%.0f\n", sum }' /proc/meminfo /proc/vmallocinfo
		done > "$OUT/memory"
		./meter cost 1 2 ./third > "$OUT/said" 2> "$OUT/third"
		./meter slow 0 -- ./third 10 2> "$OUT/slow"
		./meter delay 20 > "$OUT/delay"
	GUEST
	# a program that is busy for 10 ms of each 30, by its own count of instructions: two a round
	cat > "$BATS_FILE_TMPDIR/third.c" <<-'END'
		#include <stdlib.h>
		#include <time.h>
		#include <unistd.h>
		int main(int argc, char **argv)
		{
			struct timespec due;
			long left = argc > 1 ? atol(argv[1]) : 1000000;

			if (argc == 1)
				(void)!write(1, "ready\n", 6);
			clock_gettime(CLOCK_MONOTONIC, &due);
			while (left--) {
				long rounds = 5000000;
				__asm__ volatile("1: decq %0\n\tjnz 1b" : "+r" (rounds));
				due.tv_nsec += 30000000;
				if (due.tv_nsec >= 1000000000) {
					due.tv_nsec -= 1000000000;
					due.tv_sec++;
				}
				clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, 0);
			}
			return 0;
		}
	END
	cc -O2 -static -o "$BATS_FILE_TMPDIR/third" "$BATS_FILE_TMPDIR/third.c"
	"$ROOT/experiments/lab" -m sim -M 512 -S none -o "$seen" -f "$meter" -f "$BATS_FILE_TMPDIR/third" \
		-f "$BATS_FILE_TMPDIR/guest" -- sh ./guest 2>&3
}

setup() { cd "$seen" || return; }

# of FILE N - a number of what meter has printed
of() { tail -n 1 "$1" | cut -f "$2"; }

# spinning FILE LEAST MOST - the spinner's share of the span, at two instructions a round and a
# nanosecond each, lies between these
spinning() {
	run -0 awk -v rounds="$(of "$1" 3)" -v span="$(of "$1" 2)" -v least="$2" -v most="$3" '
		BEGIN { share = 2 * rounds / span; print share; exit !(share > least && share < most) }'
}

# taken N - instructions that the module takes for each of N processes and sample
taken() { echo $(((($(of "none-$1" 3) - $(of "module-$1" 3)) * 2) / 20 / $1)); }

@test "of a second of nobody else's, the spinner has all but a thousandth" {
	# the rest is the kernel's, at its ticks
	spinning none-100 0.999 1
}

@test "a command that takes a third of the CPU is seen to take a third" {
	spinning third 0.665 0.667
}

@test "work's elapsed and CPU time are what it was made to take" {
	# ten times 10 ms, 30 ms apart
	elapsed=$(of slow 1) cpu=$(of slow 2)
	echo "$elapsed ns, $cpu ns"
	assert [ "$elapsed" -ge 300000000 ]
	assert [ "$elapsed" -le 302000000 ]
	assert [ "$cpu" -ge 100000000 ]
	assert [ "$cpu" -le 102000000 ]
}

@test "a sample takes at most 200 instructions for each registered process" {
	echo "$(taken 100) with 100 processes, $(taken 1000) with 1000"
	assert [ "$(taken 100)" -gt 0 ]
	assert [ "$(taken 100)" -le 200 ]
	assert [ "$(taken 1000)" -gt 0 ]
	assert [ "$(taken 1000)" -le 200 ]
}

@test "to register and to unregister takes as long with 1000 processes as with 100" {
	for column in 1 2; do
		few=$(of register-100 $column) many=$(of register-1000 $column)
		echo "$few ns, $many ns"
		assert [ "$few" -gt 0 ]
		assert [ "$many" -le $((few + few / 10)) ]
	done
}

@test "the entry of a process takes less than 256 bytes" {
	bytes=$((($(sed -n 2p memory) - $(sed -n 1p memory)) / (16384 - 1)))
	echo "$bytes bytes"
	# three counts and as many pointers are the least
	assert [ "$bytes" -gt 48 ]
	assert [ "$bytes" -lt 256 ]
}

@test "a fault is seen in the map within a period, which is 13 ticks of 4 ms at most, and soon after its sample" {
	# of each line: the least, the median, the largest
	largest=$(sed -n 1p delay | cut -f 3) median=$(sed -n 1p delay | cut -f 2)
	cat delay
	assert [ "$largest" -le 52100000 ]
	# at times that have nothing to do with the samples'
	assert [ "$median" -ge 15000000 ]
	assert [ "$median" -le 35000000 ]
	assert [ "$(of delay 3)" -le 1000000 ]
}

# times FIRST PERIOD... - in ms, as `meter rate` reads them
times() {
	local t=$1
	echo "${t}000000"
	shift
	for period; do
		t=$((t + period))
		echo "${t}000000"
	done
}

@test "rate and deviations are those of the times that are given" {
	# 100 periods: 98 of 50 ms, one of 47, one of 60
	mapfile -t periods < <(for _ in $(seq 98); do echo 50; done)
	times 7 47 "${periods[@]}" 60 > "$BATS_TEST_TMPDIR/times"
	run -0 "$meter" rate < "$BATS_TEST_TMPDIR/times"
	# 100 in 4900 + 107 ms; 99 of 100 are off by 3 ms at most
	assert_output "$(printf '101\t5.007\t19.9720\t3000000\t10000000')"
}

@test "times that are no numbers, too few, or go back are one clear line" {
	run -1 "$meter" rate <<< "1 2 x"
	assert_output "meter: line 3 is no number"
	run -1 "$meter" rate <<< "1"
	assert_output "meter: two times are needed for a period"
	run -1 "$meter" rate <<< "1 3 2"
	assert_output "meter: line 3 is no later than the one before"
}

@test "what is no command line of meter's is answered with its usage" {
	for line in "" "cost" "cost 1" "cost x 1" "cost -1 1" "slow 1 true" "rate 1" "clock" "delay x" "nothing"; do
		# shellcheck disable=SC2086 # a list of words
		run -2 "$meter" $line
		assert_output --partial "usage: meter cost"
	done
}

@test "a loop with clock_nanosleep wakes 50 ms apart, and never before its time" {
	run -0 "$meter" clock 5
	assert_equal ${#lines[@]} 5
	# late it may be, on a busy host
	run -0 awk 'NR == 1 { first = $1 } $1 < first + (NR - 1) * 50000000 - 20000000 { print }' <<< "$output"
	assert_output ""
}
