#!/usr/bin/env bats
# bats file_tags=guest
# What the cases of the benchmark measure with, and the goals that the module's cost is held
# to: in virtual time, where an instruction takes a nanosecond, so that they can be counted.

load helpers

setup_file() {
	export seen=$BATS_FILE_TMPDIR/seen built=$ROOT/build/measure measure=$ROOT/experiments/measure
	meters=(cost slow rate delay register-all follow-ring read-ring sample-proc sample-iterator
		sample-taskstats sample-clock)
	make -s -C "$ROOT" -f experiments/measure/measure.mk build/measure/bench "${meters[@]/#/build/measure/}"
	"$measure/build-module" "$measure/rearmed" 6.1 "$BATS_FILE_TMPDIR/rearmed.ko"
	# a tool that is busy for 10 ms of each 30, by its own count of instructions: two a round;
	# with an argument, that often
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
	# a program that has 300 major faults, more than 1000 minor ones and 300 ms of CPU time, and stays; with an argument,
	# it has also a thread that has ended and one that is there, with faults and CPU time of their own
	cat > "$BATS_FILE_TMPDIR/faults.c" <<-'END'
		#define _GNU_SOURCE
		#include <pthread.h>
		#include <sys/mman.h>
		#include <unistd.h>

		static void fault(long minor, long major, long rounds)
		{
			char *p = mmap(NULL, minor << 12, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			madvise(p, minor << 12, MADV_NOHUGEPAGE);
			for (long i = 0; i < minor; i++)
				p[i << 12] = 1;
			madvise(p, major << 12, MADV_PAGEOUT);
			for (long i = 0; i < major; i++)
				((volatile char *)p)[i << 12] = 2;
			__asm__ volatile("1: decq %0\n\tjnz 1b" : "+r" (rounds));
		}
		static void *ends(void *nothing) { fault(500, 50, 100000000); return nothing; }
		static void *stays(void *nothing) { fault(200, 20, 50000000); pause(); return nothing; }
		int main(int argc, char **argv)
		{
			pthread_t one, other;

			(void)argv;
			fault(1000, 300, 150000000);
			if (argc > 1) {
				pthread_create(&one, NULL, ends, NULL);
				pthread_join(one, NULL);
				pthread_create(&other, NULL, stays, NULL);
			}
			pause();
		}
	END
	cc -O2 -static -pthread -o "$BATS_FILE_TMPDIR/faults" "$BATS_FILE_TMPDIR/faults.c"
	cat > "$BATS_FILE_TMPDIR/guest" <<-'GUEST'
		set -eu
		for case in bench-cost bench-rate; do
			. ./$case
		done
		. ./bench
		# twenty periods of third, twelve of the profiler
		seconds_for() { echo 0.6; }
		for n in 100 1000; do
			mkdir $OUT/$n
		done
		# as the cases do, with the tools that are ours, one that is known, and one that is not there
		(OUT=$OUT/1000; costs 1000 none module)
		(OUT=$OUT/100; costs 100 none module module+map module+monitor proc iterator taskstats third pidstat)
		rates idle 2
		# a process alone, then both, as each sampler finds them and as /proc says in the end
		./faults & alone=$!
		./faults threads & threads=$!
		sleep 2
		found() {
			sampler=$1
			shift
			printf '%s\n' "$@" > /tmp/meter.pids
			rm -f /tmp/meter.shared
			./sample-"$sampler" & meter=$!
			sleep 0.5
			kill $meter
			wait $meter 2> /dev/null || true	# it says Terminated
			# samples, minor, major and CPU time of a struct shared
			od -A n -v -t u8 -w48 /tmp/meter.shared | awk '{ print $2, $4, $5, $6 }'
		}
		for sampler in proc iterator taskstats; do
			found $sampler $alone > $OUT/found-$sampler
		done
		for sampler in proc iterator; do
			found $sampler $alone $threads > $OUT/found-both-$sampler
		done
		for process in $alone $threads; do
			sed 's/.*) //' /proc/$process/stat | awk '{ print $8, $10, $12 + $13 }'
		done > $OUT/faults
		# one that has ended is no process that counts nothing
		kill $alone
		wait $alone 2> /dev/null || true
		for sampler in proc iterator taskstats; do
			./sample-$sampler 2>&1 || true
		done > $OUT/ended
		kill $threads
		# of times that tools have printed: what their samples in ten seconds are
		for tool in pidstat perf bpftrace; do
			cp $tool.said /tmp/meter.said
			echo $tool $(samples_of $tool 10000000000)
			head -n 5 $tool.said > /tmp/meter.said
			echo $tool $(samples_of $tool 10000000000)
		done > $OUT/counted
		# what the kernel says that it has allocated, with a table for one process, and the default
		for most in max_processes=1 ""; do
			rmmod mp3
			insmod mp3.ko $most
			awk '$1 == "SUnreclaim:" { sum += 1024 * $2 } $1 ~ /^0x/ { sum += $2 }
				END { printf "%.0f\n", sum }' /proc/meminfo /proc/vmallocinfo
		done > "$OUT/memory"
		./slow 0 -- ./third 10 > "$OUT/slow"
		./slow 0.5 ./third -- ./third 10 > "$OUT/slow-beside"
		./delay 20 > "$OUT/delay"
		fresh
		./cost 100 0.5 sh -c "$(command_of module)" > /dev/null
		sleep 0.2
		./read-ring > "$OUT/read"
		./monitor -p 2> /dev/null | sed 1d | wc -l > "$OUT/printed"
	GUEST
	# as the tools print them: pidstat in seconds, with nothing for the last round but its first line; perf
	# in seconds since it began; bpftrace in ms
	{
		printf 'Linux 6.1.0 (guest)\t11/26/26\t_x86_64_\t(1 CPU)\n\n'
		for at in 1795733809 1795733811 1795733813; do
			echo '# Time        UID       PID    %usr %system  %guest   %wait    %CPU   CPU  minflt/s  majflt/s'
			printf "$at      0   %s    0.00    0.00    0.00    0.00    0.00     0      0.00      0.00\n" 101 102
			echo
		done | sed '$d' | sed '$d'
	} > "$BATS_FILE_TMPDIR/pidstat.said"
	for at in 0.050000 0.150000 0.250000; do
		for event in minor-faults major-faults task-clock; do
			printf '     %s,0,,%s,50000,100.00,,\n' $at $event
		done
	done > "$BATS_FILE_TMPDIR/perf.said"
	for at in 1200 1250 1300; do
		printf '%s ms\n@minor[%s]: 3\n\n\n@cpu_ns[1]: 1200\n' $at 7
	done > "$BATS_FILE_TMPDIR/bpftrace.said"
	files=("${meters[@]/#/$built/}" "$BATS_FILE_TMPDIR"/{third,faults,rearmed.ko,guest,{pidstat,perf,bpftrace}.said} "$built/bench"
		"$ROOT"/experiments/cases/bench-{cost,rate})
	for file in "${files[@]}"; do
		set -- "$@" -f "$file"
	done
	"$ROOT/experiments/lab" -m sim -k 6.1 -M 512 -S zram:64 -o "$seen" "$@" -- sh ./guest 2>&3
}

setup() { cd "$seen" || return; }

# of FILE N - a number of a meter's last row
of() { tail -n 1 "$1" | cut -f "$2"; }

# cell TABLE COLUMN KEY... - of the row that begins with these
cell() {
	local table=$1 column=$2 keys
	shift 2
	keys=$(printf '%s\t' "$@")
	awk -F '\t' -v column="$column" -v keys="$keys" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) wanted = i }
		index($0, keys) == 1 { print $wanted; found = 1 }
		END { exit !(wanted && found) }' "$table"
}

# between LEAST NUMBER MOST - and says which it is
between() {
	echo "$2, from $1 to $3 expected"
	awk -v least="$1" -v number="$2" -v most="$3" 'BEGIN { exit !(number != "" && number >= least && number <= most) }'
}

@test "of a time that is nobody else's, the spinner has all but a thousandth" {
	# two instructions a round; the rest is the kernel's, at its ticks
	for n in 100 1000; do
		span=$(cell $n/cost.tsv span_ns none $n)
		between $((span - span / 1000)) $((2 * $(cell $n/cost.tsv rounds none $n))) "$span"
		between $((span - span / 1000)) "$(cell $n/cost.tsv spinner_ns none $n)" "$span"
	done
}

@test "a command that takes a third of the CPU is seen to take a third, in each column" {
	span=$(cell 100/cost.tsv span_ns third 100)
	between 0.665 "$(awk "BEGIN { print 2 * $(cell 100/cost.tsv rounds third 100) / $span }")" 0.667
	between 33.2 "$(cell 100/cost.tsv cpu_percent third 100)" 33.5
}

@test "the samples of a tool are counted, and one whose samples cannot be counted has no cost of a sample" {
	for tool in module module+map module+monitor proc iterator taskstats; do
		assert_equal "$tool: $(cell 100/cost.tsv samples $tool 100)" "$tool: 12"
		# what is missing is the tool's, in two columns
		span=$(cell 100/cost.tsv span_ns $tool 100)
		between "$(cell 100/cost.tsv instructions $tool 100 | cut -d . -f 1)" \
			"$(awk "BEGIN { printf \"%.0f\", $(cell 100/cost.tsv cpu_percent $tool 100) / 100 * $span / 12 / 100 }")" \
			"$(($(cell 100/cost.tsv instructions $tool 100 | cut -d . -f 1) + 1))"
	done
	for column in samples instructions; do
		assert_equal "$(cell 100/cost.tsv $column third 100)" -
	done
}

@test "the times that tools print say how many samples there are in ten seconds" {
	run -0 cat counted
	# every two seconds; ten times a second; twenty times; and of a single time nothing
	assert_output "pidstat 5
pidstat -
perf 100
perf 100
bpftrace 200
bpftrace -"
}

@test "each sampler finds the faults and the CPU time that /proc has of a process, and of its threads" {
	read -r minor major ticks < faults
	cat faults
	# page tables, stack and code beside the known ones
	between 1000 "$minor" 1200
	assert_equal "$major" 300
	# of 10 ms
	between 30 "$ticks" 33
	for sampler in proc iterator taskstats; do
		read -r samples minor_found major_found cpu_found < found-$sampler
		between 9 "$samples" 11
		assert_equal "$sampler: $minor_found $major_found" "$sampler: $minor $major"
		between $((10000000 * ticks - 10000000)) "$cpu_found" $((10000000 * ticks + 20000000))
	done
	read -r minor_of_threads major_of_threads ticks_of_threads < <(sed -n 2p faults)
	assert_equal "$major_of_threads" 370
	between $((minor + 700)) "$minor_of_threads" $((minor + 800))
	for sampler in proc iterator; do
		read -r samples minor_found major_found cpu_found < found-both-$sampler
		assert_equal "$sampler: $minor_found $major_found" \
			"$sampler: $((minor + minor_of_threads)) $((major + major_of_threads))"
		between $((10000000 * (ticks + ticks_of_threads) - 20000000)) "$cpu_found" \
			$((10000000 * (ticks + ticks_of_threads) + 40000000))
	done
}

@test "a sampler whose process has ended says so, and ends" {
	run -0 cat ended
	assert_line --index 0 --regexp '^sample-proc: /proc/[0-9]*/stat: No such file or directory'
	assert_line --index 1 "sample-iterator: a process has ended"
	assert_line --index 2 --regexp "^sample-taskstats: a process has ended"
	assert_equal ${#lines[@]} 3
}

@test "a tool that is not there has no row, and a note says why" {
	run -1 cell 100/cost.tsv span_ns pidstat 100
	assert_output ""
	run -0 cat 100/notes
	assert_output --regexp '^pidstat, .*: cost: the command has ended .*pidstat'
	assert_equal ${#lines[@]} 1
}

@test "work's elapsed and CPU time are what it was made to take, alone and beside a command" {
	# ten times 10 ms, 30 ms apart
	between 300000000 "$(of slow 1)" 302000000
	between 100000000 "$(of slow 2)" 102000000
	# at worst it waits for 10 ms of the command, which is not its CPU time
	between 300000000 "$(of slow-beside 1)" 312000000
	between 100000000 "$(of slow-beside 2)" 102000000
}

@test "a sample takes at most 200 instructions for each registered process, and 12,000 for itself" {
	for n in 100 1000; do
		# two a round, for 12 samples; the table says the same
		missing=$((2 * ($(cell $n/cost.tsv rounds none $n) - $(cell $n/cost.tsv rounds module $n))))
		by_hand=$((missing / 12 / n))
		between 1 "$by_hand" $((n < 1000 ? 200 + 12000 / n : 200))
		between $((by_hand - 2)) "$(cell $n/cost.tsv instructions module $n)" $((by_hand + 3))
	done
}

@test "a loop over /proc has at least ten times the module's cost, and copies a line for a process" {
	between $((10 * $(cell 100/cost.tsv instructions module 100 | cut -d . -f 1))) \
		"$(cell 100/cost.tsv instructions proc 100)" 1000000
	# a line of /proc/PID/stat
	between 100 "$(cell 100/cost.tsv bytes proc 100)" 400
	between 0 "$(cell 100/cost.tsv bytes module 100)" 0
}

@test "to register and to unregister takes as long with 1000 processes as with 100" {
	for column in register_ns unregister_ns; do
		few=$(cell 100/register.tsv $column 100)
		between 1 "$few" 100000
		between 1 "$(cell 1000/register.tsv $column 1000)" $((few + few / 10))
	done
}

@test "the entry of a process takes less than 256 bytes" {
	bytes=$((($(sed -n 2p memory) - $(sed -n 1p memory)) / (16384 - 1)))
	# three counts and as many pointers are the least
	between 49 $bytes 255
}

@test "a fault is seen in the map within a period, which is 13 ticks of 4 ms at most, and soon after its sample" {
	cat delay	# of each line: the least, the median, the largest
	between 1 "$(sed -n 1p delay | cut -f 3)" 52100000
	# at times that have nothing to do with the samples'
	between 15000000 "$(sed -n 1p delay | cut -f 2)" 35000000
	between 1 "$(of delay 3)" 1000000
}

@test "all records that monitor prints are read from the map, and at less than 100 ns each" {
	records=$(of read 1)
	# 100 processes, half a second and more of samples, and one last record each
	between 1000 "$records" 10000
	assert_equal "$records" "$(cat printed)"
	between 1 "$(of read 2)" $((100 * records))
}

@test "four samplers beside each other have the rates that their construction gives them" {
	# without the header row, which is the case's
	mapfile -t samplers < <(cut -f 2 rate.tsv)
	assert_equal "${samplers[*]}" "module clock clock-fifo rearmed"
	rate() { awk -F '\t' -v sampler="$1" -v column="$2" '$2 == sampler { print $column }' rate.tsv; }
	cat rate.tsv
	# the deadlines are absolute, and an interrupt of a timer wakes the sampler
	between 19.999 "$(rate module 5)" 20.001
	between 0 "$(rate module 7)" 100000
	for clock in clock clock-fifo; do
		between 19.999 "$(rate $clock 5)" 20.001
		between 0 "$(rate $clock 7)" 100000
	done
	# 50 ms are 13 ticks of 4 ms, rounded up, and it comes one later: 250 / 14
	between 17.85 "$(rate rearmed 5)" 17.87
	between 5900000 "$(rate rearmed 7)" 6100000
}

# times FIRST PERIOD... - in ms, as rate reads them
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
	cc -std=gnu11 -g -fsanitize=address,undefined -fno-sanitize-recover=all -o "$BATS_TEST_TMPDIR/rate" \
		"$measure"/{rate,meter}.c
	# 100 periods: 98 of 50 ms, one of 47, one of 60
	mapfile -t periods < <(for _ in $(seq 98); do echo 50; done)
	times 7 47 "${periods[@]}" 60 > "$BATS_TEST_TMPDIR/times"
	run -0 "$BATS_TEST_TMPDIR/rate" < "$BATS_TEST_TMPDIR/times"
	# 100 in 4900 + 107 ms; 99 of 100 are off by 3 ms at most
	assert_output "$(printf '101\t5.007\t19.9720\t3000000\t10000000')"
	# more than there is room for at first
	mapfile -t periods < <(for _ in $(seq 2999); do echo 50; done)
	times 0 "${periods[@]}" > "$BATS_TEST_TMPDIR/times"
	run -0 "$BATS_TEST_TMPDIR/rate" < "$BATS_TEST_TMPDIR/times"
	assert_output "$(printf '3000\t149.950\t20.0000\t0\t0')"
}

@test "times that are no numbers, too few, or go back are one clear line" {
	run -1 "$built/rate" <<< "1 2 x"
	assert_output "rate: line 3 is no number"
	run -1 "$built/rate" <<< "1"
	assert_output "rate: two times are needed for a period"
	run -1 "$built/rate" <<< "1 3 2"
	assert_output "rate: line 3 is no later than the one before"
}

@test "a meter says its usage on standard output if it is asked to, and else with status 2" {
	for meter in "$built"/*; do
		[ -f "$meter" ] && [ -x "$meter" ] || continue
		run -0 --separate-stderr "$meter" -h
		assert_output --regexp "^usage: ${meter##*/}( |\$)"
	done
	for line in cost "cost 1" "cost x 1" "cost -1 1" "cost 1.5 1" "cost 1 1s" "slow 1 true" "slow x -- true" "slow 1 true --" \
		"rate 1" sample-clock "sample-clock 1" "sample-clock x 0" "sample-clock 1000001 0" "sample-clock 1 x" "delay x" "delay 0" "read-ring 1" \
		"register-all 1" "follow-ring 1" "sample-proc 1" "sample-iterator 1" "sample-taskstats 1"; do
		# shellcheck disable=SC2086 # a list of words
		run -2 --separate-stderr "$built/"$line
		assert_output ""
		# shellcheck disable=SC2154 # set by run
		assert_regex "$stderr" "usage: ${line%% *}( |\$)"
	done
	run -2 "$built/delay" ""
}

@test "rearmed.ko is the same whatever the environment wants of a kernel's build" {
	ARCH=arm64 CROSS_COMPILE=none- KBUILD_OUTPUT=/nowhere KCFLAGS=-O0 CPATH=/nowhere KDIR=/nowhere \
		run -0 "$measure/build-module" "$measure/rearmed" 6.1 "$BATS_TEST_TMPDIR/rearmed.ko"
	assert_output ""
	run -0 cmp "$BATS_TEST_TMPDIR/rearmed.ko" "$BATS_FILE_TMPDIR/rearmed.ko"
}

@test "the tables of several runs become one, whatever their order, if they have the same columns" {
	cd "$BATS_TEST_TMPDIR"
	printf '%s\t%s\t%s\n' tool processes ns b 2 x a 2 y > cost-2
	printf '%s\t%s\t%s\n' tool processes ns b 10 z a 10 w > cost-10
	printf '%s\t%s\n' processes ns 2 x > register-2
	printf '%s\t%s\n' processes ns 10 y > register-10
	whole=$(printf '%s\t%s\t%s\n' tool processes ns a 2 y a 10 w b 2 x b 10 z)
	run -0 "$measure/merge" cost-10 cost-2
	assert_output "$whole"
	run -0 "$measure/merge" cost-2 cost-10
	assert_output "$whole"
	run -0 "$measure/merge" register-10 register-2
	assert_output "$(printf '%s\t%s\n' processes ns 2 x 10 y)"
	run -1 --separate-stderr "$measure/merge" cost-2 register-10
	assert_output ""
	assert_equal "$stderr" "merge: register-10 has other columns than cost-2"
	run -2 "$measure/merge"
	for kernel in 6.12 5.10; do
		mkdir -p "results/sim-$kernel-1024-disk-1/bench-rate"
		printf '%s\t%s\n' state rate idle "20-$kernel" > "results/sim-$kernel-1024-disk-1/bench-rate/rate.tsv"
	done
	run -0 "$measure/merge" -k results/*/bench-rate/rate.tsv
	assert_output "$(printf '%s\t%s\t%s\n' kernel state rate 5.10 idle 20-5.10 6.12 idle 20-6.12)"
}

@test "each case names the files that it needs, and there is a rule for those that are built" {
	cd "$ROOT"
	printf '%s\n' 'include experiments/measure/measure.mk' > "$BATS_TEST_TMPDIR/makefile"
	for case in bench-cost bench-work bench-rate; do
		# shellcheck disable=SC2154 # the case sets it
		read -r -d '' -a named < <(KERNEL=6.1 sh -c '. "$1" && echo "$files"' sh "experiments/cases/$case") || true
		run -0 make -n -f "$BATS_TEST_TMPDIR/makefile" "${named[@]}"
		sources=("experiments/cases/$case")
		[[ ${named[*]} != *tools.tar* ]] || sources+=(experiments/measure/bench)
		mapfile -t used < <(grep -h -v '^#' "${sources[@]}" | grep -oE '(^|[[:space:];])\./[a-z-]+' |
			sed 's|.*/||' | sort -u)
		[ ${#used[@]} -ge 2 ]
		for program in "${used[@]}"; do
			case $program in
			work | monitor) ;;	# they lie there anyhow
			*) assert_regex " ${named[*]##*/} " " $program " ;;
			esac
		done
	done
}
