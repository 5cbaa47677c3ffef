#!/usr/bin/env bats
# monitor -t, in a terminal of tmux in one guest that live-guest keeps busy. What it
# shows is compared to the sums of what monitor -p prints.

# bats file_tags=guest

load helpers

setup_file() { export seen; seen=$(guest live); }

setup() {
	cd "$seen" || return
	read -r one two idle < pids
}

# lines SHOWN - the lines of processes
lines() { grep -E '^ *[0-9]+ +[0-9]+ +[0-9]+ ' "$1"; }

# majors PID - its major faults in each second of the records
majors() {
	awk -v pid="$1" '$3 == pid { s = int($1 / 1e9); if (!first) first = s; n[s] += $7 }
		END { for (i = first; i in n; i++) print n[i] }' records.tsv
}

@test "the view says how to begin when nobody is registered" {
	run -0 head -n 3 nobody
	assert_line --index 0 --partial "0 processes: 0 minor and 0 major faults/s"
	assert_line --index 2 "No process is registered. monitor -t -a shows all, monitor -t -p PID one."
}

@test "a view of nobody costs next to nothing" {
	# in 20 s; a tick is 10 ms
	run -0 awk '{ ticks = $1 + $2 - ticks } END { print (NR == 2 && ticks <= 2) }' ticks
	assert_output 1
}

@test "each process has a line, the one with most major faults first" {
	for moment in faulting large; do
		assert_equal "$(lines $moment | awk '{ print $1 }' | sort -n)" "$(printf '%s\n' "$one" "$two" "$idle")"
		assert_equal "$(lines $moment)" "$(lines $moment | sort -s -k 3,3nr)"
		[ "$(lines $moment | awk 'NR == 1 { print $3 }')" -gt 0 ]
	done
}

@test "the faults of a line are those of one second of the records" {
	for moment in faulting large; do
		lines $moment > "$BATS_TEST_TMPDIR/lines"
		compared=0
		while read -r pid minor major _; do
			run -0 awk -v pid="$pid" '$3 == pid { s = int($1 / 1e9); minor[s] += $6; major[s] += $7 }
				END { for (s in minor) print minor[s], major[s] }' records.tsv
			assert_line "$minor $major"
			compared=$((compared + 1))
		done < "$BATS_TEST_TMPDIR/lines"
		assert_equal "$moment: $compared" "$moment: 3"
	done
}

# With at most SECONDS of history. A full bar is the largest second of all, one fault
# is an eighth of it at least.
@test "a bar is the last seconds, on a scale that is the same for all" {
	full=$(sed -n 's/.* 0-\([0-9]*\) MAJOR.*/\1/p' large)
	for pid in "$one" "$two"; do
		bar=$(lines large | awk -v pid="$pid" '$1 == pid' | sed 's/.*work *//')
		expected=$(majors "$pid" | awk -v full="$full" 'BEGIN { split("▁ ▂ ▃ ▄ ▅ ▆ ▇ █", step, " ") }
			{ printf "%s", $1 ? step[int(($1 * 8 + full - 1) / full)] : "_" }')
		[ "${#bar}" -ge 8 ]
		bar=${bar// /_}	# a second without a fault
		[[ $expected == *"$bar"* ]] || fail "$bar is no part of $expected"
	done
	assert_equal "$(grep -c █ large)" 1
}

@test "a resize is drawn at once, and what does not fit is cut" {
	assert_equal "$(wc -l < small)" 4
	run -0 cat small
	assert_line --index 3 "        and 2 more"
	assert_equal "$(lines small | wc -l)" 1
	run -0 cat tiny
	assert_line --index 1 --partial "PID  MINOR/S"
	assert_equal "$(awk 'length > 30' tiny)" ""
	assert_equal "$(lines large | wc -l)" 3
}

@test "what is left of a wider screen, or written by others, is drawn over" {
	assert_equal "$(lines narrow | wc -l)" 3
	assert_equal "$(grep -c . narrow)" 5
	assert_equal "$(awk 'length > 60' narrow)" ""
	grep -q scribbled scribbled
	run -1 grep scribbled repaired
	assert_equal "$(lines repaired | wc -l)" 3
}

@test "h shows the keys, and any key goes back" {
	run -0 cat help
	assert_line --index 0 --partial "sort by the column to the left, or to the right"
	assert_line "Any key goes back."
	assert_equal "$(lines help | wc -l)" 0
}

@test "keys sort by a column, and filter by name" {
	assert_equal "$(lines by-swap)" "$(lines by-swap | sort -s -k 6,6nr)"
	assert_equal "$(lines by-cpu)" "$(lines by-cpu | sort -s -k 4,4nr)"
	assert_equal "$(head -n 1 typing)" "filter: lee_   (Enter, or Esc for none)"
	assert_equal "$(lines filtered | awk '{ print $1 }')" "$idle"
	[[ $(head -n 1 filtered) = "1 process: "*"filter: lee" ]]
}

@test "a tree that is attached to is shown, and folded into one line" {
	assert_equal "$(lines tree | wc -l)" 5
	run -0 lines folded
	assert_equal "${#lines[@]}" 1
	assert_output --regexp "^ +$(cat root) .* \\+4 sh"
}

@test "Ctrl-C and Ctrl-backslash reach a command once, and Ctrl-Z stops monitor with it" {
	run -0 grep -c Stopped stopped
	assert_output 1
	run -0 grep -c '^caught\|\^.caught' caught
	assert_output 2
	run -0 grep -c 'status 0' caught
	assert_output 1
}

@test "a process that has ended says so for some seconds, and is then forgotten" {
	run -0 awk -v pid="$idle" '$1 == pid { print $7, $8 }' ended
	assert_output "ended sleep"
	run -0 awk '{ print $1 }' <(lines forgotten)
	refute_line "$idle"
	assert_equal "${#lines[@]}" 2
}

@test "q ends the view, no other key does, and the terminal is as it was" {
	assert_equal "$(grep -c 'MAJOR/S' left)" 0
	grep -q 'status 0' left
	# but for the size, which has changed meanwhile
	assert_equal "$(sed 's/rows [0-9]*; columns [0-9]*;//' after)" "$(sed 's/rows [0-9]*; columns [0-9]*;//' before)"
}

@test "signals end the view in order" {
	for signal in INT TERM; do
		grep -q 'status 0' left-$signal
		assert_equal "$(grep -c 'MAJOR/S' left-$signal)" 0
	done
}

@test "without UTF-8 the bars are of ASCII" {
	assert_equal "$(lines ascii | wc -l)" 2
	assert_equal "$(LC_ALL=C grep -c '[^ -~]' ascii)" 0
	lines ascii | grep -q 'work .*[-.:=+*#@]'
}

@test "without a terminal, or with one that is not known, the view fails" {
	assert_equal "$(cat no-terminal)" "$(printf '%s\n' 'monitor: the live view needs a terminal' 'status 1')"
	run -0 cat unknown
	assert_line "monitor: TERM is 'nonsense', which is no terminal that is known here"
	assert_line "status 1"
}
