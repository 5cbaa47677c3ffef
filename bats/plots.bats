#!/usr/bin/env bats
# The figures: what they show, and that they say when they cannot
# shellcheck disable=SC2154 # bats sets stderr
load helpers

caption='sim machine, Linux 6.1.0-x_y, 935 MB <&> {a}'

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	tr ' ' '\t' > samples.tsv << 'END'
seconds minor major minor_total major_total minor_rate major_rate utilization
0.050 100 0 100 0 2000.000 0.000 50.00
0.100 60 10 160 10 1200.000 200.000 100.00
0.200 40 32 200 42 400.000 320.000 25.00
0.210 1234 3 1434 45 123400.000 300.000 0.00
END
	# Of these are process 1's 90, 145, 180 and 1414 minor and 0, 4, 24 and 27 major
	# faults; process 2 begins a sample later, and ends with the rest before the last.
	tr ' ' '\t' > series.tsv << 'END'
process seconds minor_total major_total utilization rss_kb swap_kb
1 0.05 90 0 nan 8 0
1 0.1 145 4 50.00 8 0
1 0.2 180 24 50.00 8 0
1 0.21 1414 27 50.00 8 0
2 0.1 15 6 50.00 8 0
2 0.2 20 18 50.00 0 0
END
	# The command is as it was given, and may have a quote.
	tr ' _~' '\t _' > processes.tsv << 'END'
process label pid parent command report minor major peak~rss~kb
1 work_9_R_5,_seed_1 41 0 work 1 1414 27 8
2 a?b,_pid_<&>{2} 42 0 a"b 0 20 18 8
END
	# as tabulate course has it
	table machine kernel memory swap seed knobs case argument seconds rss_mb majors_per_second pages_per_write \
		writes_per_second swap_busy io_full memory_full > course.tsv << 'END'
sim 6.1 1024 disk 1 - case3 8 1 500 0 nan 0 10 5 0
sim 6.1 1024 disk 1 - case3 8 2 900 1500 80 20 90 70 30
sim 6.1 1024 ssd 1 - case3 8 1 400 100 2 3000 60 20 1
END
	levels=(machine kernel memory swap seed knobs case argument n utilization completion_min completion_median completion_max major)
	table "${levels[@]}" > levels.tsv << 'END'
sim 6.1 1024 disk 1 - case3 1 1 10.5 20.5 20.5 20.5 0
sim 6.1 1024 disk 1 - case3 5 5 40 35 40.25 45 12500
sim 6.1 1024 disk 1 - case3 7 7 25 300 435 444 180000
sim 6.1 1024 disk 1 - case3 11 11 15 1500 1750.5 2000 702150
END
	table "${levels[@]}" > both.tsv << 'END'
sim 6.1 1024 disk 1 - case3 11 11 15 1500 1750.5 2000 702150
sim 6.1 1024 ssd 1 - case3 7 7 85 70 80 90 150000
sim 6.1 1024 disk 1 - case3 1 1 10.5 20.5 20.5 20.5 0
sim 6.1 1024 disk 1 - case3 5 5 40 35 40.25 45 12500
sim 6.1 1024 ssd 1 - case3 1 1 11 20 20 20 0
sim 6.1 1024 disk 1 - case3 7 7 25 300 435 444 180000
END
	table machine kernel memory swap seed knobs case argument n touches_per_second touches_per_awake_second \
		utilization useful swap_busy touches_per_major lifetime_ms service_ms > sweep.tsv << 'END'
sim 6.1 1024 disk 1 - case3 1 1 1000 5000 10 10.5 0 nan nan nan
sim 6.1 1024 disk 1 - case3 3 3 800 50 12 2 90 2.5 0.25 0.6
sim 6.1 1024 disk 1 - case3 2 2 1900 2500 20 9.5 5 80 9 0.5
sim 6.1 1024 ssd 1 - case3 2 2 1950 2600 25 nan 4 70 8 0.1
END
	tr ' ' '\t' > runs.tsv << 'END'
machine kernel memory swap seed knobs case argument n completion_median utilization major
sim 6.1 1024 disk 1 - case3 2 2 10 40 100
sim 6.1 1024 disk 1 - case3 4 4 50 20 900
sim 6.1 1024 disk 2 - case3 2 2 12 44 120
sim 6.1 1024 disk 2 - case3 4 4 58 22 1000
END
	tr ' ' '\t' > intervals.tsv << 'END'
machine kernel memory swap knobs case argument n runs coverage completion_median_low completion_median completion_median_high utilization_low utilization utilization_high major_low major major_high
sim 6.1 1024 disk - case3 2 2 2 50.00 10 11 12 40 42 44 100 110 120
sim 6.1 1024 disk - case3 4 4 2 50.00 50 54 58 20 21 22 900 950 1000
END
	printf 'accesses\texpected\tsd\tdistinct\tminor\n1000\t800\t9\t790\t791\n2000\t900\t9\t905\t906\n' > touches.tsv
	tr ' ' '\t' > misses.tsv << 'END'
mode resident share miss_ratio uniform_ratio uniform_error lru_ratio lru_low lru_high lru_error fifo_ratio fifo_low fifo_high fifo_error clock_ratio clock_low clock_high clock_error random_ratio random_low random_high random_error opt_ratio opt_low opt_high opt_error
R 75 0.75 0.254 0.25 0.002 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
R 25 0.25 0.748 0.75 0.003 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
L 50 0.5 0.04 nan nan 0.041 0.04 0.042 0.0002 0.042 0.042 0.042 0 0.043 0.043 0.043 0 0.044 0.044 0.044 0 0.02 0.02 0.02 0
L 1234.5 0.9 0.02 nan nan 0.02 0.02 0.02 0 0.02 0.02 0.02 0 0.02 0.02 0.02 0 0.03 0.03 0.03 0 0.01 0.01 0.01 0
END
}

# table COLUMN... - the rows on stdin, with this header row
table() { { echo "$@"; cat; } | tr ' ' '\t'; }

# costs - a table of two numbers of processes for each tool
costs() {
	printf 'tool\tprocesses\tspan_ns\tinstructions\n'
	i=1
	for tool in module module+map module+monitor perf perf-threads pidstat proc bpftrace iterator taskstats; do
		printf '%s\t1\t9\t%d\n%s\t1000\t9\t%d\n' $tool $((i * 1000)) $tool $((i * 100))
		i=$((i + 1))
	done
}

# draw FIGURE OUT TABLE LABEL... - and nothing may be said, which would be a warning
draw() {
	run -0 --separate-stderr gnuplot -d -c "$ROOT/plots/$1" "$2" "$caption" "${@:3}"
	assert_equal "$output$stderr" ""
}

# fails STATUS MESSAGE ARGUMENT... - no figure, and MESSAGE among what is said
fails() {
	run -"$1" gnuplot -d -c "${@:3}"
	assert_line "$2"
	assert [ ! -e new.svg ]
}

# texts SVG - the words in a figure, a line each
texts() {
	sed -n '/<tspan/p; /<text>./p' "$1" | sed 's/<[^>]*>//g; s/^[[:space:]]*//; /^$/d'
}

# points FIGURE TABLE LABEL... - x and y of what is plotted, plots apart by "-"
points() {
	gnuplot -d -e 'set table "points"' -c "$ROOT/plots/$1" x.svg "$caption" "${@:2}"
	awk '$1 == "#" && $2 == "Curve" && $4 == "of" { print "-" } $3 == "i" || $5 == "i" { print $1, $2 }' points
}

# In the two panels of totals the sum, then each process's line, then the point at its end. Two curves
# without a point are in the legend alone. Then the machine's major faults a second, the processes'
# resident sets, and the machine's shares of the time.
@test "profile plots all faults and the major ones over the seconds, and below them the machine" {
	sed 3q course.tsv > one.tsv
	run -0 points profile.gp samples.tsv series.tsv processes.tsv one.tsv
	assert_output "$(printf '%s\n' \
		- '0.05 100' '0.1 170' '0.2 242' '0.21 1479' \
		- '0.05 90' '0.1 149' '0.2 204' '0.21 1441' - '0.1 21' '0.2 38' \
		- '0.21 1441' - '0.2 38' - - \
		- '0.05 0' '0.1 10' '0.2 42' '0.21 45' \
		- '0.05 0' '0.1 4' '0.2 24' '0.21 27' - '0.1 6' '0.2 18' \
		- '0.21 27' - '0.2 18' \
		- \
		- '0.05 0.0078125' '0.1 0.0078125' '0.2 0.0078125' '0.21 0.0078125' - '0.1 0.0078125' '0.2 0' \
		- - - -)"
}

# What is beyond 0.21 s has no place on the axes, but where another profile goes on until then.
@test "profile has room for another one on its axes" {
	sed 3q course.tsv > one.tsv
	awk -v FS='\t' -v OFS='\t' 'NR > 1 { $1 *= 10; $4 *= 100 } { print }' samples.tsv > longer.tsv
	awk -v FS='\t' -v OFS='\t' 'NR > 1 { $9 = 2048000 } { print }' processes.tsv > larger.tsv
	draw profile.gp new.svg samples.tsv series.tsv processes.tsv one.tsv longer.tsv larger.tsv
	run -0 texts new.svg
	assert_line 2	# s
	assert_line '150,000'	# faults: 143,400 and 45
	assert_line '2,000'	# MB
	run -0 points profile.gp samples.tsv series.tsv processes.tsv one.tsv longer.tsv larger.tsv
	assert_equal "$(tail -n 8 <<< "$output")" "$(printf '%s\n' - '1 10' '2 90' - '1 5' '2 70' - '1 0' '2 30' | tail -n 8)"
	assert_line '2 1500'
}

@test "profile leaves out the device of a machine that swaps to none" {
	awk -v FS='\t' -v OFS='\t' 'NR > 1 { $14 = $15 = "nan" } NR < 4' course.tsv > none.tsv
	draw profile.gp new.svg samples.tsv series.tsv processes.tsv none.tsv
	run -0 texts new.svg
	assert_line 'all wait for memory'
	refute_line 'device busy'
	refute_line 'all wait for it'
	# nor has a short run any course
	sed -i 2,\$d none.tsv
	draw profile.gp new.svg samples.tsv series.tsv processes.tsv none.tsv
}

@test "course leaves out what a run has not done" {
	awk -v FS='\t' -v OFS='\t' 'NR > 3 { $12 = "nan" } { print }' course.tsv > unwritten.tsv
	run -0 points course.gp unwritten.tsv
	assert_line '1 400'
	refute_line '1 2'
}

@test "course draws a line for each of its runs" {
	run -0 points course.gp course.tsv
	assert_equal "$(grep -v '^-$' <<< "$output")" "$(printf '%s\n' '1 0' '2 1500' '1 100' '1 500' '2 900' '1 400' '2 80' '1 2' \
		'1 0' '2 20' '1 3000')"
	draw course.gp new.svg course.tsv
	run -0 texts new.svg
	for words in 'swap model disk' 'swap model ssd' 'time (s)' 'writes/s' '3,000'; do assert_line "$words"; done
}

# Found by name, columns may stand anywhere.
@test "profile finds its columns by name" {
	awk -v FS='\t' -v OFS='\t' '{ print $5, $8, $1, $4 }' samples.tsv > moved.tsv
	awk -v FS='\t' -v OFS='\t' '{ print $6, $4, $3, $2, $1 }' series.tsv > removed.tsv
	awk -v FS='\t' -v OFS='\t' '{ print $9, $2, $1 }' processes.tsv > swapped.tsv
	assert_equal "$(points profile.gp moved.tsv removed.tsv swapped.tsv course.tsv)" \
		"$(points profile.gp samples.tsv series.tsv processes.tsv course.tsv)"
}

# The palette of style.gp, in both panels.
@test "profile draws each process in a colour and dashes of its own" {
	draw profile.gp new.svg samples.tsv series.tsv processes.tsv course.tsv
	grep -o "stroke='rgb([^)]*)'" new.svg > strokes
	for colour in 'rgb(  0, 114, 178)' 'rgb(213,  94,   0)' 'rgb(160, 160, 160)'; do
		run -0 grep -cF "$colour" strokes
		assert [ "$output" -ge 2 ]
	done
}

# Nothing is drawn between what was run.
@test "levels plots utilization, median completion and major faults over N" {
	run -0 points levels.gp levels.tsv
	assert_output "$(printf '%s\n' - '1 10.5' '5 40' '7 25' '11 15' - '1 20.5' '5 40.25' '7 435' '11 1750.5' \
		- '1 0' '5 12500' '7 180000' '11 702150' -)"
}

# Two swap models stand a hundredth of the greatest N aside: 0.11 to either side. The rows come in
# any order, the models in that of their first rows.
@test "levels plots points of its own for each swap model, their bars a little aside" {
	run -0 points levels.gp both.tsv
	assert_output "$(printf '%s\n' - '11 15' '1 10.5' '5 40' '7 25' - '7 85' '1 11' \
		- '10.89 1750.5' '0.89 20.5' '4.89 40.25' '6.89 435' - '7.11 80' '1.11 20' \
		- '11 702150' '1 0' '5 12500' '7 180000' - '7 150000' '1 0' - -)"
}

@test "levels names its lines by the axes in which they differ" {
	names() {
		draw levels.gp new.svg lines.tsv
		texts new.svg > words
		for name; do
			run -0 grep -cxF "$name" words
			assert_output 1
		done
	}
	{ cat levels.tsv; sed -n '2s/6.1/6.12-cloud_x/p; 3s/\t1024\t/\t512\t/p' levels.tsv; } > lines.tsv
	names 'Linux 6.1, 1024 MiB' 'Linux 6.12-cloud_x, 1024 MiB' 'Linux 6.1, 512 MiB'
	{ cat levels.tsv; sed -n '2s/-/vm.swappiness@10+,sys,x@1/p' levels.tsv; } > lines.tsv
	names 'no knobs' 'vm.swappiness=10+/sys/x=1'
	{ cat levels.tsv; sed -n '2s/case3/mine/; 2s/sim/kvm/p' levels.tsv; } > lines.tsv
	names 'case3, machine sim' 'mine, machine kvm'
	cp levels.tsv lines.tsv
	names case3
}

@test "levels has six lines at most" {
	for kernel in 1 2 3 4 5 6; do sed -n "2s/6.1/6.$kernel/p" levels.tsv; done > six
	{ head -n 1 levels.tsv; cat six; } > six.tsv
	draw levels.gp new.svg six.tsv
	run -0 texts new.svg
	for kernel in 1 2 3 4 5 6; do assert_line "Linux 6.$kernel"; done
	rm new.svg
	{ cat six.tsv; sed -n '1s/6.1/6.7/p' six; } > seven.tsv
	fails 1 "seven.tsv: 7 lines, where six can be told apart" "$ROOT/plots/levels.gp" new.svg "$caption" seven.tsv
}

# The log axis is from 20 to 2,000, and 200 is half-way up, as is 50,000 on the
# linear axis beside it, from 0 to 100,000.
@test "levels draws the range of completion as bars" {
	table "${levels[@]}" > bars.tsv << 'END'
sim 6.1 1024 disk 1 - case3 1 1 10 20 20 20 100000
sim 6.1 1024 disk 1 - case3 5 5 10 200 1000 2000 50000
sim 6.1 1024 disk 1 - case3 11 11 10 20 20 20 0
END
	draw levels.gp new.svg bars.tsv
	# A point is <use ... translate(x,y)>, the last three before the
	# legend's are the major faults, in the order of the rows; a bar is a line of a path, Mx,low Lx,high.
	grep -o '<use.*translate([0-9.]*,[0-9.]*)' new.svg | sed 's/.*,\(.*\))/\1/' > heights
	high=$(tail -n 4 heights | head -n 1)
	low=$(tail -n 3 heights | head -n 1)
	bars=$(grep -oE 'M[0-9.]+,[0-9.]+ L[0-9.]+,[0-9.]+' new.svg | tr 'ML,' '   ' |
		awk -v high="$high" -v low="$low" '
			function near(a, b) { return (a - b) ^ 2 < 0.25 }
			$1 == $3 && near($2, low) && near($4, high)' | wc -l)
	assert_equal "$bars" 1
}

# L and S have no point where nobody faulted, and nothing is useful where no process ran alone.
@test "sweep plots throughput, CPU, device, touches a fault, lifetime and service time over N, a line for each swap model" {
	run -0 points sweep.gp sweep.tsv
	assert_equal "$(grep -v '^-$' <<< "$output")" "$(printf '%s\n' '1 1000' '2 1900' '3 800' '2 1950' \
		'1 5000' '2 2500' '3 50' '2 2600' \
		'1 10' '2 20' '3 12' '2 25' '1 10.5' '2 9.5' '3 2' \
		'1 0' '2 5' '3 90' '2 4' \
		'2 80' '3 2.5' '2 70' \
		'2 9' '3 0.25' '2 8' '2 0.5' '3 0.6' '2 0.1')"
	draw sweep.gp new.svg sweep.tsv
	run -0 texts new.svg
	for words in 'throughput (touches/s)' 'swap device busy (%)' 'swap model ssd'; do assert_line "$words"; done
}

# The runs stand 0.16 aside: 4% of an axis from 1 to 5. All are by how far they are from the median
# of as many processes: 10 / 11 - 1 is -9.09%.
@test "seeds plots each run by how far it is from the median, and its interval" {
	run -0 points seeds.gp intervals.tsv runs.tsv
	run -0 awk '$5 == "i" || $3 == "i" { printf "%s %.2f%s\n", $1, $2, $5 == "i" ? sprintf(" %.2f %.2f", $3, $4) : "" }' points
	assert_output "$(printf '%s\n' '1.84 -9.09' '3.84 -7.41' '1.84 9.09' '3.84 7.41' '2 0.00 -9.09 9.09' '4 0.00 -7.41 7.41' \
		'1.84 -4.76' '3.84 -4.76' '1.84 4.76' '3.84 4.76' '2 0.00 -4.76 4.76' '4 0.00 -4.76 4.76' \
		'1.84 -9.09' '3.84 -5.26' '1.84 9.09' '3.84 5.26' '2 0.00 -9.09 9.09' '4 0.00 -5.26 5.26')"
}

@test "seeds says how many runs an interval rests on, and how surely it covers" {
	draw seeds.gp new.svg intervals.tsv runs.tsv
	run -0 texts new.svg
	for words in '2 runs' '50.0%' 'a run' 'median and interval'; do
		assert_line "$words"
	done
}

# Misses less theory's, in percentage points: 100 (0.254 - 0.25). And the policies, beside each other, in percent
# of what was measured: 0.041 of 0.04 is 2.5% more, from 1% less, with two errors of 0.0002, to 6% more.
@test "theory plots how far measurements and policies are from each other" {
	run -0 points theory.gp touches.tsv misses.tsv
	assert_line --index 0 -
	for point in '1 800' '2 900' '1 791' '2 906' '0.75 0.4' '0.25 -0.2' \
		'0.72 2.5' '0.86 7.5' '1 5' '1.14 10' '1.28 -50' '1.72 0' '2.14 50' '2.28 -50'; do
		assert_line "$point"
	done
	# two standard errors to both sides
	run -0 awk '$1 == 0.75 || $1 == 0.25 || $1 == 0.72 { printf "%s %.1f %.1f\n", $1, $3, $4 }' points
	assert_output "$(printf '%s\n' '0.75 0.0 0.8' '0.25 -0.8 0.4' '0.72 -1.0 6.0')"
	draw theory.gp new.svg touches.tsv misses.tsv
	run -0 texts new.svg
	for words in LRU CLOCK FIFO random OPT 50 1,235; do
		assert_line "$words"
	done
}

@test "sweep, course, seeds and theory fail without one of their columns, or with other arguments" {
	for figure in seeds:intervals:runs theory:touches:misses; do
		IFS=: read -r name one two <<< "$figure"
		fails 2 "usage: gnuplot -d -c $name.gp OUT CAPTION $(case $name in
			seeds) echo INTERVALS RUNS ;; theory) echo TOUCHES MISSES ;; esac)" \
			"$ROOT/plots/$name.gp" new.svg "$caption" "$one.tsv"
		for table in missing empty; do
			: > empty.tsv
			run -1 gnuplot -d -c "$ROOT/plots/$name.gp" new.svg "$caption" $table.tsv "$two.tsv"
			assert_output --partial "$table.tsv: no numbers in column"
		done
	done
	for column in sweep:touches_per_second sweep:touches_per_awake_second sweep:swap_busy sweep:touches_per_major \
		sweep:lifetime_ms sweep:service_ms course:seconds course:rss_mb course:pages_per_write; do
		sed "1s/${column#*:}/other/" "${column%:*}.tsv" > wrong.tsv
		fails 1 "wrong.tsv: no numbers in column ${column#*:}" \
			"$ROOT/plots/${column%:*}.gp" new.svg "$caption" wrong.tsv
		fails 2 "usage: gnuplot -d -c ${column%:*}.gp OUT CAPTION $([ ${column%:*} = sweep ] && echo TABLE || echo COURSE)" \
			"$ROOT/plots/${column%:*}.gp" new.svg "$caption" wrong.tsv wrong.tsv
	done
	sed "1s/lru_ratio/other/" misses.tsv > wrong.tsv
	fails 1 "wrong.tsv: no numbers in column lru_ratio" \
		"$ROOT/plots/theory.gp" new.svg "$caption" touches.tsv wrong.tsv
}

@test "profile names its axes, units, processes and caption" {
	draw profile.gp new.svg samples.tsv series.tsv processes.tsv course.tsv
	run -0 texts new.svg
	for words in 'page faults,' 'major faults,' accumulated 'device busy' 'faults/s'; do assert_line "$words"; done
	assert_line 'time (s)'
	assert_line 'work 9 R 5, seed 1'
	assert_line 'a?b, pid &lt;&amp;>{2}'
	assert_line 'all processes'
	assert_line 'sim machine, Linux 6.1.0-x_y, 935 MB &lt;&amp;> {a}'
	assert_line '1,500'
}

@test "levels names its axes, units, lines and caption" {
	draw levels.gp new.svg both.tsv
	run -0 texts new.svg
	assert_line 'CPU utilization (% of one CPU)'
	assert_line 'completion time (s), median and range'
	assert_line 'major faults, all processes'
	assert_line processes
	assert_line 'swap model disk'
	assert_line 'swap model ssd'
	assert_line 'sim machine, Linux 6.1.0-x_y, 935 MB &lt;&amp;> {a}'
	assert_line '2,000'
	assert_line '800,000'
	for n in 1 5 7 11; do
		assert_line "$n"
	done
}

@test "the caption and the legend are drawn once" {
	draw levels.gp new.svg both.tsv
	assert_equal "$(texts new.svg | grep -cx 'swap model ssd')" 1
	assert_equal "$(texts new.svg | grep -c machine)" 1
	draw profile.gp new.svg samples.tsv series.tsv processes.tsv course.tsv
	assert_equal "$(texts new.svg | grep -cx 'work 9 R 5, seed 1')" 1
	assert_equal "$(texts new.svg | grep -cx 'all processes')" 1
	assert_equal "$(texts new.svg | grep -c machine)" 1
}

@test "the same data give the same bytes" {
	draw profile.gp p1.svg samples.tsv series.tsv processes.tsv course.tsv
	draw levels.gp c1.svg both.tsv
	sleep 1.1
	# Neither the time nor the place nor the locale shows.
	cp -r "$ROOT/plots" elsewhere
	export TZ=Asia/Tokyo LC_ALL=C
	run -0 gnuplot -d -c elsewhere/profile.gp p2.svg "$caption" samples.tsv series.tsv processes.tsv course.tsv
	run -0 gnuplot -d -c elsewhere/levels.gp c2.svg "$caption" both.tsv
	cmp p1.svg p2.svg
	cmp c1.svg c2.svg
}

# In an SVG, gnuplot only guesses how wide words are.
@test "a host without fonts draws the same SVG, and says nothing" {
	draw profile.gp p1.svg samples.tsv series.tsv processes.tsv course.tsv
	draw sweep.gp s1.svg sweep.tsv
	echo '<fontconfig/>' > none.conf
	for file in none.conf missing.conf; do
		export FONTCONFIG_FILE=$PWD/$file FONTCONFIG_PATH=$PWD/missing HOME=$PWD GDFONTPATH=$PWD/missing
		draw profile.gp p2.svg samples.tsv series.tsv processes.tsv course.tsv
		draw sweep.gp s2.svg sweep.tsv
		cmp p1.svg p2.svg
		cmp s1.svg s2.svg
	done
}

@test "a program's name is drawn as it is" {
	# shellcheck disable=SC2016 # what looks like a command
	names=("it's" 'a%d%%s%' '{/Bold x}_1^2' '@x~y&{z}' '$1 `date`' '# x' ' ' '-' '0x10' '100%' 'nan' '[a;b]' '*' '!x')
	{
		head -n 1 processes.tsv
		for i in "${!names[@]}"; do printf '%d\t%s, pid %d\t4\t0\tx\t0\t1\t1\t8\n' $((i + 1)) "${names[i]}" "$i"; done
	} > named.tsv
	{ head -n 1 series.tsv; seq ${#names[@]} | sed 's/.*/&\t0.1\t&\t&\t50.00\t8\t0/'; } > many.tsv
	draw profile.gp new.svg samples.tsv many.tsv named.tsv course.tsv
	run -0 texts new.svg
	for i in "${!names[@]}"; do
		assert_line "$(sed 's/&/\&amp;/g; s/</\&lt;/g; s/^ *//' <<< "${names[i]}, pid $i")"
	done
	assert_line 'all processes'
}

@test "a figure is of the type that its name ends in" {
	draw profile.gp a.svg samples.tsv series.tsv processes.tsv course.tsv
	# which says something where there are no fonts
	run -0 gnuplot -d -c "$ROOT/plots/profile.gp" a.png "$caption" samples.tsv series.tsv processes.tsv course.tsv
	assert_equal "$(head -c 5 a.svg)" '<?xml'
	assert_equal "$(head -c 4 a.png | tail -c 3)" PNG
	fails 2 'new.svg.gz: expected a name that ends in .svg or .png' \
		"$ROOT/plots/profile.gp" new.svg.gz "$caption" samples.tsv series.tsv processes.tsv course.tsv
}

@test "a table without faults is drawn" {
	printf 'seconds\tminor_total\tmajor_total\n0.05\t0\t0\n0.10\t0\t0\n' > none.tsv
	printf 'process\tseconds\tminor_total\tmajor_total\trss_kb\n1\t0.05\t0\t0\t0\n' > idle.tsv
	draw profile.gp none.svg none.tsv idle.tsv processes.tsv course.tsv
	head -n 2 levels.tsv > one.tsv
	draw levels.gp one.svg one.tsv
}

@test "a completion time of 0 is refused, not left out" {
	sed 's/20.5/0/' both.tsv > zero.tsv
	fails 1 'a completion time of 0 has no place on a logarithmic axis' \
		"$ROOT/plots/levels.gp" new.svg "$caption" zero.tsv
}

# 2000 samples, each fourth: 4, 8, ... 2000.
@test "profile draws so many samples as can be seen, and the last one" {
	awk 'BEGIN { print "seconds\tminor_total\tmajor_total"; for (i = 1; i <= 2000; i++) printf "%d\t%d\t%d\n", i, 2 * i, 3 * i }' > long.tsv
	run -0 points profile.gp long.tsv series.tsv processes.tsv course.tsv
	assert_equal "$(sed -n '2,/^-/p' <<< "$output")" "$(for i in $(seq 4 4 2000); do echo "$i $((5 * i))"; done; echo -)"
	sed 2d long.tsv > long-1.tsv
	run -0 points profile.gp long-1.tsv series.tsv processes.tsv course.tsv
	assert_line '2000 10000'
}

@test "profile fails without each of its columns, in any table" {
	for column in seconds minor_total major_total; do
		sed "1s/$column/other/" samples.tsv > wrong.tsv
		fails 1 "wrong.tsv: no numbers in column $column" \
			"$ROOT/plots/profile.gp" new.svg "$caption" wrong.tsv series.tsv processes.tsv course.tsv
	done
	for column in process seconds minor_total major_total rss_kb; do
		sed "1s/$column/other/" series.tsv > wrong.tsv
		fails 1 "wrong.tsv: no numbers in column $column" \
			"$ROOT/plots/profile.gp" new.svg "$caption" samples.tsv wrong.tsv processes.tsv course.tsv
	done
	sed '1s/process/other/' processes.tsv > wrong.tsv
	fails 1 "wrong.tsv: no numbers in column process" \
		"$ROOT/plots/profile.gp" new.svg "$caption" samples.tsv series.tsv wrong.tsv course.tsv
	sed '1s/label/other/' processes.tsv > wrong.tsv
	fails 1 "wrong.tsv: no words in column label" \
		"$ROOT/plots/profile.gp" new.svg "$caption" samples.tsv series.tsv wrong.tsv course.tsv
}

# many N - so many processes, in series and processes
many() {
	{ head -n 1 series.tsv; seq "$1" | sed 's/.*/&\t0.1\t&\t&\t50.00\t8\t0/'; } > many.tsv
	{ head -n 1 processes.tsv; seq "$1" | sed 's/.*/&\tnumber &\t4&\t0\tx\t0\t&\t&\t8/'; } > named.tsv
	draw profile.gp new.svg samples.tsv many.tsv named.tsv course.tsv
}

# More than there are colours: they come round, and the legend grows, but not without end.
@test "profile draws many processes" {
	many 15
	run -0 texts new.svg
	assert_line 'number 15'
	refute_line --partial more
	many 100
	run -0 texts new.svg
	assert_line 'number 14'
	refute_line 'number 15'
	assert_line 'and 86 processes more'
	# each has its line and its point, in both panels
	assert [ "$(points profile.gp samples.tsv many.tsv named.tsv course.tsv | grep -c '^0.1 [0-9]*$')" -ge 400 ]
}

@test "levels fails without each of its columns" {
	for column in n utilization completion_min completion_median completion_max major; do
		sed -E "1s/(^|\t)$column(\t|\$)/\1other\2/" levels.tsv > wrong.tsv
		fails 1 "wrong.tsv: no numbers in column $column" \
			"$ROOT/plots/levels.gp" new.svg "$caption" wrong.tsv
	done
	for axis in machine kernel memory swap knobs case; do
		sed "1s/$axis/other/" levels.tsv > wrong.tsv
		fails 1 "wrong.tsv: no words in column $axis" "$ROOT/plots/levels.gp" new.svg "$caption" wrong.tsv
	done
}

@test "seeds is of one line" {
	{ cat runs.tsv; sed -n '2s/disk/ssd/p' runs.tsv; } > two.tsv
	fails 1 "two.tsv: runs that differ in more than argument and seed: swap model disk, swap model ssd" \
		"$ROOT/plots/seeds.gp" new.svg "$caption" intervals.tsv two.tsv
}

@test "a table that is missing or empty is a failure" {
	: > empty.tsv
	head -n 1 samples.tsv > header.tsv
	for table in missing empty header; do
		fails 1 "$table.tsv: no numbers in column seconds" \
			"$ROOT/plots/profile.gp" new.svg "$caption" "$table.tsv" series.tsv processes.tsv course.tsv
		fails 1 "$table.tsv: no numbers in column seconds" \
			"$ROOT/plots/profile.gp" new.svg "$caption" samples.tsv "$table.tsv" processes.tsv course.tsv
		fails 1 "$table.tsv: no numbers in column process" \
			"$ROOT/plots/profile.gp" new.svg "$caption" samples.tsv series.tsv "$table.tsv" course.tsv
		fails 1 "$table.tsv: no numbers in column n" \
			"$ROOT/plots/levels.gp" new.svg "$caption" "$table.tsv"
	done
}

@test "other numbers of tables are refused" {
	usage="usage: gnuplot -d -c levels.gp OUT CAPTION TABLE"
	fails 2 "$usage" "$ROOT/plots/levels.gp"
	fails 2 "$usage" "$ROOT/plots/levels.gp" new.svg "$caption"
	fails 2 "$usage" "$ROOT/plots/levels.gp" new.svg "$caption" levels.tsv both.tsv
	usage="usage: gnuplot -d -c profile.gp OUT CAPTION SAMPLES SERIES PROCESSES COURSE [SAMPLES PROCESSES]"
	fails 2 "$usage" "$ROOT/plots/profile.gp"
	fails 2 "$usage" "$ROOT/plots/profile.gp" new.svg "$caption" samples.tsv series.tsv
	fails 2 "$usage" "$ROOT/plots/profile.gp" new.svg "$caption" \
		samples.tsv series.tsv processes.tsv course.tsv samples.tsv
}

@test "a figure that cannot be written is a failure" {
	fails 1 'system error: No such file or directory' \
		"$ROOT/plots/profile.gp" missing/new.svg "$caption" samples.tsv series.tsv processes.tsv course.tsv
}

# In the order of the legend, in which those that print come first.
@test "bench plots the instructions over the processes, a line a tool" {
	costs > costs.tsv
	run -0 points bench.gp costs.tsv
	# each group is headed by a curve without points
	assert_output "$(for i in 3 5 4 6 8 2 9 10 7 1; do
		case $i in 3 | 2) echo - ;; esac
		printf -- '-\n1 %s000\n1000 %s00\n' "$i" "$i"
	done)"
	draw bench.gp new.svg costs.tsv
	run -0 texts new.svg
	assert_line "goal: 200"
	assert_line "they print:"
	assert_line "they do not:"
}

@test "bench says which tool it has no numbers of" {
	costs | grep -v pidstat > costs.tsv
	fails 1 "costs.tsv: no numbers of pidstat" "$ROOT/plots/bench.gp" new.svg "$caption" costs.tsv
}

# Two configurations, of which one's completion is in one table alone; two more rows are of other figures.
comparisons() {
	mkdir -p results/compare/case-random results/compare/case-local
	for what in random local; do
		printf 'figure\ta\tb\tratio\tlow\thigh\tplacebo_low\tplacebo_high\n'
		printf 'major\tsix\t%s\t%s\t%s\t%s\t0.99\t1.02\n' seven-x 1.5 1.25 2 five 0.5 0.4 0.6
		printf 'cpu\tsix\t%s\t7\t6\t8\t0.1\t9\n' seven-x five
		[ $what = local ] || printf 'last_completion\tsix\tfive\t0.75\t0.7\t0.8\tnan\tnan\n'
	done > all.tsv
	awk '/^figure/ { n++ } n == 1' all.tsv > results/compare/case-random/l_sim-6.1-184-disk64-1..7.tsv
	awk '/^figure/ { n++ } n == 2' all.tsv > results/compare/case-local/l_sim-6.1-184-ssd-1..7.tsv
}

# A row has the number of its place from below, and its three figures are a quarter apart.
@test "configurations plots each figure's factor in a row a configuration, in a panel a table" {
	comparisons
	tables=(results/compare/case-random/* results/compare/case-local/*)
	run -0 points configurations.gp "${tables[@]}"
	for point in '1.5 2.25' '0.5 1.25' '0.75 0.75'; do assert_line "$point"; done
	refute_line --regexp '^7 '
	draw configurations.gp new.svg "${tables[@]}"
	run -0 texts new.svg
	for words in seven-x five 'case-random, swap model disk64' 'case-local, swap model ssd' 'factor to six' \
		'major faults' 'touches a second awake' 'completion time' chance; do
		assert_line "$words"
	done
	rm new.svg
	fails 2 'usage: gnuplot -d -c configurations.gp OUT CAPTION TABLE...' "$ROOT/plots/configurations.gp" new.svg "$caption"
	for table in missing empty; do
		: > empty.tsv
		run -1 gnuplot -d -c "$ROOT/plots/configurations.gp" new.svg "$caption" $table.tsv
		assert_output --partial "$table.tsv: no words in column b"
	done
}
