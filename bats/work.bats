#!/usr/bin/env bats
# The synthetic workload and its multiprogramming, without the profiler. (With it, and with what
# takes root or a device of one's own: memory.bats.)

# Those tagged bare are of work's own memory, or put something in the place of its library's, without
# a sanitizer that would do so, too, see sanitized.bats.

# shellcheck disable=SC2016 # what stands in single quotes is for another shell
# shellcheck disable=SC2154 # bats sets stderr

load helpers

setup_file() {
	make -C "$BATS_TEST_DIRNAME/../mp3" work >&2
	mkdir "$BATS_FILE_TMPDIR/sanitized"
	gcc -std=gnu11 -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
		-o "$BATS_FILE_TMPDIR/sanitized/work" "$BATS_TEST_DIRNAME"/../mp3/tools/work*.c >&2
}

setup() {
	work=$ROOT/mp3/work
	sanitized=$BATS_FILE_TMPDIR/sanitized/work
}

teardown() {
	[ ! "${paused-}" ] || kill "$paused" 2>/dev/null || true
	tmux -S "$BATS_TEST_TMPDIR/tmux" kill-server 2>/dev/null || true
}

# field NAME: the value of NAME=... in the report, which is in $output.
field() {
	local report=" ${output##*work: pid=}"

	[[ $report =~ \ $1=([^[:space:]]+) ]] || fail "no $1 in: $output"
	echo "${BASH_REMATCH[1]}"
}

# wrong_use SAYS ARGUMENT... - is answered in one line that says this, with status 2
wrong_use() {
	run -2 --separate-stderr "$sanitized" "${@:2}"
	assert_equal "$output" ""
	assert_equal "${*:2}: ${#stderr_lines[@]} lines" "${*:2}: 1 lines"
	[[ $stderr == "work: $1"*" (-h for help)" ]] || fail "${*:2}: $stderr"
}

# assert_between LOW VALUE HIGH WHAT
assert_between() {
	awk -v low="$1" -v value="$2" -v high="$3" \
		'BEGIN { exit !(low <= value && value <= high) }' ||
		fail "$4: expected $1 to $3, got $2"
}

# distinct ARGUMENT...: pages that one iteration touches.
distinct() {
	run -0 "$work" -n 1 "$@"
	field distinct
}

# The expected number of different pages in $2 uniform accesses to $1 pages.
expected_distinct() {
	awk -v w="$1" -v a="$2" 'BEGIN { printf "%.0f", w * (1 - (1 - 1/w)^a) }'
}

page_size_is_4096() {
	[ "$(getconf PAGESIZE)" -eq 4096 ] || skip "the numbers are for pages of 4096 bytes"
}

@test "work's help goes to stdout and tells both modes' numbers" {
	run -0 --separate-stderr "$work" --help
	assert_equal "$stderr" ""
	assert_line --index 0 "Usage: work [OPTION]... MB R|L ACCESSES"
	assert_output --partial "phases of 1000 accesses"
	assert_output --partial "64 contiguous pages"
	assert_output --partial "95% of the accesses"
	assert_output --partial "instead of 20"
	# the pictures: with locality, 64 pages of 512 are one row of 8, and a phase is 10 columns
	assert_equal "$(grep -c '|\.\{60\}|' <<<"$output")" 8
	assert_between 6 "$(grep -o '#\{9,\}' <<<"$output" | wc -l)" 12 "bars of six phases"
	run -0 "$work" -h
	assert_line --index 0 "Usage: work [OPTION]... MB R|L ACCESSES"
}

@test "work's manual has the pictures of its help, and their 8 rows are the pages of 8 locality sets" {
	pictures() { sed -n 's/^ *\([0-9]* |.*|\)$/\1/p'; }
	run -0 bash -c '"$1" -h' - "$work"
	help=$(pictures <<<"$output")
	assert_equal "$(mandoc -T ascii "$ROOT/mp3/man/work.1" | col -bx | pictures)" "$help"
	assert_equal "$(cut -d ' ' -f 1 <<<"$help" | paste -sd ' ')" "448 384 320 256 192 128 64 0 448 384 320 256 192 128 64 0"
}

@test "work fails to write its help to a full device" {
	run -1 bash -c '"$1" -h >/dev/full' - "$work"
	assert_output "work: standard output: No space left on device"
}

# Each option with an argument, and words that are none of its; a dash for one that has no letter.
with_argument() {
	cat <<'EOF'
-f --file
-n --iterations 0 x -1 1000001
-p --pages 1 3M 2 2MB 1024K -2M huge 0M
-s --seed -1 x 1.5 4294967296
-t --threads 0 1025 x -1
- --sleep x -1 0.5 1s 1000001 99999999999999999999
EOF
}

@test "each option with a missing, empty or wrong argument is one line that names it, and status 2" {
	local short long wrong word

	# all that the help has
	assert_equal "$(with_argument | cut -d ' ' -f 1,2 | sort)" \
		"$("$work" -h | sed -nE 's/^ +(-[a-z]), (--[a-z]+)=.*/\1 \2/p; s/^ +(--[a-z]+)=.*/- \1/p' | sort)"
	while read -r short long wrong; do
		for word in "" $wrong; do
			[ "$short" = - ] || wrong_use "$short wants " "$short" "$word" 1 R 1
			wrong_use "$long wants " 1 "$long=$word" R 1
		done
		[ "$short" = - ] || wrong_use "$short wants an argument" 1 R 1 "$short"
		wrong_use "$long wants an argument" 1 R 1 "$long"
	done < <(with_argument)
	wrong_use "-s wants a number from 0 to 4294967295, not '=1'" -s=1 1 R 1
	wrong_use "-f wants a file, not ''" -f '' 1 R 1
	wrong_use "--pages wants base, thp, system or a size as 2M, not 'huge'" --pag huge 1 R 1
}

@test "an option that work does not know, or that takes no argument, is one line that names it, and status 2" {
	wrong_use "no such option: -x" -x 1 R 1
	wrong_use "no such option: -x" -vx 1 R 1
	wrong_use "no such option: -=" -r=1 1 R 1
	wrong_use "no such option: -1" -1 R 1
	wrong_use "no such option, or more than one: --what" --what=1 1 R 1
	wrong_use "no such option, or more than one: --s" 1 R 1 --s
	wrong_use "--sleep wants a number from 0 to 1000000, not '-1'" --sl=-1 1 R 1
	for option in --shared --read --verbose --help; do
		wrong_use "$option takes no argument" "$option=1" 1 R 1
	done
}

@test "arguments that are missing, wrong, or do not go together are one line, and status 2" {
	for arguments in "" 1 "1 R" "1 R 1 1" "-n 1 1 R"; do
		# shellcheck disable=SC2086 # words they are
		wrong_use "three arguments are needed, MB, R or L, and ACCESSES, not " $arguments
	done
	for mb in "" " 1" 0 +1 1x 1.5 0x10 134217729 99999999999999999999; do
		wrong_use "MB wants a number from 1 to 134217728, not '$mb'" "$mb" R 1
	done
	for mode in "" X r RL; do
		wrong_use "'$mode' is neither R nor L" 1 "$mode" 1
	done
	for accesses in "" x 1.5 1000000000001; do
		wrong_use "ACCESSES wants a number from 0 to 1000000000000, not '$accesses'" 1 R "$accesses"
	done
	wrong_use "MB wants a number from 1 to 134217728, not '-1'" -- -1 R 1
	wrong_use "--pages=thp is for private memory" --shared -p thp 1 R 1
	wrong_use "--pages=thp is for private memory" -f f -p thp 1 R 1
	wrong_use "a file has pages of its own" -f f -p 2M 1 R 1
}

@test "the report has exactly the promised form" {
	run -0 --separate-stderr "$work" -n 1 -s 7 2 L 1500
	assert_equal "$output" ""
	output=${stderr##*$'\n'}
	assert_output --regexp '^work: pid=[0-9]+ mb=2 mode=L accesses=1500 seed=7 touches=1500 distinct=[0-9]+ elapsed_s=[0-9]+\.[0-9]{6} awake_s=[0-9]+\.[0-9]{6} minor=[0-9]+ major=[0-9]+ minor_max=[0-9]+ major_max=[0-9]+$'
}

@test "no access touches no page" {
	run -0 "$work" -n 1 4 R 0
	assert_equal "$(field touches) $(field distinct)" "0 0"
}

@test "many random accesses touch every page, the first and the last too" {
	page_size_is_4096
	run -0 "$work" -n 1 1 R 100000
	assert_equal "$(field touches) $(field distinct)" "100000 256"
}

# bats test_tags=bare
@test "a page touched first is one minor fault" {
	page_size_is_4096
	run -0 "$work" -n 1 16 R 5000
	assert_between "$(field distinct)" "$(field minor)" "$(($(field distinct) + 50))" \
		"minor faults"
}

@test "touches are counted over all iterations, with a second of sleep between" {
	run -0 "$work" -n 2 1 R 10
	assert_equal "$(field touches)" 20
	assert_between 1 "$(field elapsed_s)" 1.9 "seconds for two iterations"
	refute_output --partial "iteration="
}

# sleeps ARGUMENT... - how long work would have slept, time after time, in seconds
sleeps() {
	if [ ! -e "$BATS_FILE_TMPDIR/sleepless.so" ]; then
		cat >"$BATS_FILE_TMPDIR/sleepless.c" <<-'END'
			#define _GNU_SOURCE
			#include <poll.h>
			#include <signal.h>
			#include <stdio.h>
			int ppoll(struct pollfd *files, nfds_t n, const struct timespec *time, const sigset_t *mask)
			{
				(void)files; (void)mask;
				return printf("%ld.%09ld %lu\n", (long)time->tv_sec, time->tv_nsec, (unsigned long)n) < 0 || fflush(stdout);
			}
		END
		gcc -shared -fPIC -o "$BATS_FILE_TMPDIR/sleepless.so" "$BATS_FILE_TMPDIR/sleepless.c"
	fi
	LD_PRELOAD=$BATS_FILE_TMPDIR/sleepless.so "$work" "$@" 2>"$BATS_TEST_TMPDIR/said" |
		sed 's/\.000000000 0$//' | paste -sd ' '
}

# bats test_tags=bare
@test "work sleeps between two iterations as long as it is told, a second if it is not told, and with 0 not at all" {
	assert_equal "$(sleeps -n 3 1 R 10)" "1 1"
	assert_equal "$(sleeps -n 1 1 R 10)" ""
	assert_equal "$(sleeps -n 4 --sleep=0 1 R 10)" ""
	assert_equal "$(sleeps -n 4 --sleep=2 1 R 10)" "2 2 2"
	assert_equal "$(sleeps -n 2 -t 3 --sleep 1000000 1 R 10)" 1000000
	# it is the same work
	output=$(cat "$BATS_TEST_TMPDIR/said")
	assert_equal "$(field touches)" 60
	for sleep in 0 7; do
		sleeps -n 3 --sleep=$sleep 8 R 600
		output=$(cat "$BATS_TEST_TMPDIR/said")
		echo "$(field touches) $(field distinct)" >"$BATS_TEST_TMPDIR/$sleep"
	done
	run -0 cmp "$BATS_TEST_TMPDIR"/{0,7}
}

@test "the time awake is that of the iterations, without the sleep between them" {
	run -0 "$work" --sleep=2 -n 2 -v 8 R 600
	assert_between 2 "$(awk -v a="$(field awake_s)" -v e="$(field elapsed_s)" 'BEGIN { print e - a }')" 60 "seconds asleep"
	awake=$(field awake_s)
	run -0 awk '/iteration/ { for (i = 2; i <= NF; i++) { split($i, of, "="); value[of[1]] = of[2] }
		ns += value["end_ns"] - value["begin_ns"] } END { printf "%.6f\n", ns / 1e9 }' <<<"$output"
	# to the microsecond, which is rounded
	assert_between "$(awk -v s="$output" 'BEGIN { print s - 0.0000011 }')" "$awake" "$(awk -v s="$output" 'BEGIN { print s + 0.0000011 }')" \
		"seconds of the iterations"
	# of a single iteration, it is nearly all of the time, and never more than it
	for options in "-n 1" "-n 3 --sleep=0" "-n 50 --sleep=0 -t 3"; do
		# shellcheck disable=SC2086 # words
		run -0 "$work" $options 8 R 600
		assert_between 0 "$(field awake_s)" "$(field elapsed_s)" "seconds awake with $options"
	done
}

@test "verbose tells what each iteration did, and their faults are those of the report" {
	run -0 "$work" -n 3 -v 8 R 600
	assert_equal "$(grep -oE 'iteration=[0-9]+|touches=[0-9]+' <<< "$output" | paste -sd ' ')" \
		"iteration=1 touches=600 iteration=2 touches=1200 iteration=3 touches=1800 touches=1800"
	run -0 awk '{ for (i = 2; i <= NF; i++) { delete of; split($i, of, "="); value[of[1]] = of[2] } }
		/iteration/ { faults += value["minor"]; slept = value["begin_ns"] - end; end = value["end_ns"]
			if (value["iteration"] > 1 && (slept < 1e9 || slept > 1.9e9)) print "slept " slept
			distinct = value["distinct"] }
		END { print (distinct == value["distinct"]), (faults >= distinct && faults <= value["minor"]) }' <<< "$output"
	assert_output "1 1"
}

@test "random accesses touch as many pages as uniform ones are expected to" {
	local accesses

	page_size_is_4096
	for accesses in 100 1000 4096 20000; do
		expected=$(expected_distinct 4096 $accesses)
		# five standard deviations are below 5 * sqrt(0.1 * 4096)
		assert_between $((expected - 101)) "$(distinct 16 R $accesses)" \
			$((expected + 101)) "pages of $accesses accesses"
	done
}

@test "the same seed touches the same pages, another seed others" {
	first=$(distinct -s 5 16 R 4096)
	assert_equal "$(distinct -s 5 16 R 4096)" "$first"
	assert_equal "$(distinct --seed=5 16 R 4096)" "$first"
	refute [ "$(distinct -s 6 16 R 4096)" = "$first" ]
	assert_equal "$(distinct 16 R 4096)" "$(distinct -s 1 16 R 4096)"
	first=$(distinct -s 5 16 L 9000)
	assert_equal "$(distinct -s 5 16 L 9000)" "$first"
	refute [ "$(distinct -s 6 16 L 9000)" = "$first" ]
}

@test "one phase touches its locality set and the pages of its stray accesses" {
	page_size_is_4096
	# 950 accesses fill 64 pages; 50, give or take 5 deviations of 6.9, stray
	assert_between $((64 + 10)) "$(distinct 1024 L 1000)" $((64 + 85)) \
		"pages of one phase"
}

@test "ten phases have ten locality sets" {
	page_size_is_4096
	# in so much memory, sets hardly overlap; 500 +- 110 accesses stray
	assert_between $((64 * 9 + 390)) "$(distinct 1024 L 10000)" $((64 * 10 + 610)) \
		"pages of ten phases"
}

@test "locality touches fewer pages than random accesses" {
	random=$(distinct 64 R 10000)
	local_=$(distinct 64 L 10000)
	assert [ "$local_" -lt $((random / 4)) ]
}

@test "a phase runs on from one iteration into the next" {
	page_size_is_4096
	run -0 "$work" -n 2 1024 L 500
	assert_equal "$(field distinct)" "$(distinct 1024 L 1000)"
}

# begin_paused ARGUMENT...: begins work, which then sleeps after its first iteration: $paused is
# its PID, and $output what it has said.
begin_paused() {
	rm -f "$BATS_TEST_TMPDIR/paused"	# of an earlier one, which would be taken for it
	"$work" -n 2 -v "$@" 2>"$BATS_TEST_TMPDIR/paused" 3>&- &
	paused=$!
	until_it grep -qs 'iteration=1 ' "$BATS_TEST_TMPDIR/paused"
	output=$(grep 'iteration=1 ' "$BATS_TEST_TMPDIR/paused")
}

# resident FIELD...: kB that /proc/PID/smaps has in the fields, of the mapping of 64 MB.
resident() {
	awk -v fields="$*" '$1 == "Size:" { big = $2 == 65536 }
		big { kb[$1] = $2 }
		END { for (i = 1; i <= split(fields, field, " "); i++) printf "%s%d", (i > 1 ? " " : ""), kb[field[i] ":"]; print "" }' \
		"/proc/$paused/smaps"
}

# file_of MB: makes the file $file, of zeros.
file_of() {
	file=$BATS_TEST_TMPDIR/file
	head -c "$1M" /dev/zero >"$file"
}

# pages_stored: how many pages of $file have been stored to.
pages_stored() { od -An -v -t x1 -w4096 "$file" | grep -c 01; }

@test "pages that are stored to are resident, as smaps counts them; of those that are read, none: it is the zero page" {
	page_size_is_4096
	begin_paused 64 R 5000
	assert_equal "$(resident Rss Anonymous AnonHugePages)" "$(($(field distinct) * 4)) $(($(field distinct) * 4)) 0"
	kill $paused
	stores=$(field distinct)
	begin_paused -r 64 R 5000
	assert_equal "$(field distinct) $(resident Rss)" "$stores 0"
}

# bats test_tags=bare
@test "a page read first is one minor fault, too" {
	page_size_is_4096
	run -0 "$work" -n 1 -r 16 R 5000
	assert_between "$(field distinct)" "$(field minor)" "$(($(field distinct) + 50))" "minor faults"
}

# bats test_tags=bare
@test "a transparent huge page is one fault, as smaps counts them" {
	page_size_is_4096
	if grep -qsF '[never]' /sys/kernel/mm/transparent_hugepage/enabled; then skip "they are off"; fi
	begin_paused -p thp 64 R 5000
	read -r rss huge < <(resident Rss AnonHugePages)
	# those that the kernel could not have are small
	((huge > 0)) || skip "memory is too fragmented for huge pages"
	assert_between $((huge / 2048 + (rss - huge) / 4)) "$(field minor)" $((huge / 2048 + (rss - huge) / 4 + 50)) "minor faults"
	# what is touched does not depend on them
	distinct=$(field distinct)
	assert_equal "$(distinct 64 R 5000)" "$distinct"
}

@test "shared memory is resident as such" {
	page_size_is_4096
	begin_paused --shared 64 R 5000
	assert_equal "$(resident Rss Anonymous)" "$(($(field distinct) * 4)) 0"
	grep -q '^[^ ]* rw-s .*/dev/zero' "/proc/$paused/maps"
}

# bats test_tags=bare
@test "a private mapping of a file copies the pages that are stored to, one minor fault each, and the file stays" {
	page_size_is_4096
	file_of 64
	begin_paused -f "$file" 64 R 5000
	assert_equal "$(resident Anonymous)" $(($(field distinct) * 4))
	assert_between "$(field distinct)" "$(field minor)" "$(($(field distinct) + 50))" "minor faults"
	cmp -n 67108864 "$file" /dev/zero
}

# bats test_tags=bare
@test "reading a file that is cached, the kernel maps pages beside the one that is needed" {
	page_size_is_4096
	file_of 64
	chmod a-w "$file"
	begin_paused -r -f "$file" 64 R 5000
	assert_between $(($(field distinct) * 4)) "$(resident Rss)" 65536 "kB resident"
	assert_equal "$(resident Anonymous)" 0
	# less than 64 KB for each fault would be no fault-around
	assert_between 1 "$(field minor)" $(($(field distinct) - 1)) "minor faults"
}

@test "a shared mapping of a file stores to the file: to as many pages as work counts" {
	page_size_is_4096
	file_of 16
	run -0 "$work" -n 1 --shared -f "$file" 16 R 3000
	assert_equal "$(pages_stored)" "$(field distinct)"
	assert_equal "$(stat -c %s "$file")" 16777216
	# to read is no store
	cp "$file" "$file.before"
	run -0 "$work" -n 1 -s 2 -r --shared -f "$file" 16 R 3000
	cmp "$file" "$file.before"
}

@test "threads store to the same memory, each its own sequence, and the first that of one thread" {
	page_size_is_4096
	file_of 16
	run -0 "$work" -n 1 --shared -f "$file" 16 L 3000
	alone=$(pages_stored)
	cp "$file" "$file.alone"
	file_of 16
	run -0 "$work" -n 2 -t 3 --shared -f "$file" 16 L 1500
	# the pages that are different in all threads together, not those of each
	assert_equal "$(field touches) $(field distinct)" "9000 $(pages_stored)"
	assert [ "$(field distinct)" -gt $((2 * alone)) ]
	# whatever the first thread has stored to, they have
	run cmp -l "$file.alone" "$file"
	refute_line --regexp ' 1 +0$'
	# and again, to the byte
	cp "$file" "$file.three"
	file_of 16
	run -0 "$work" -n 2 -t 3 --shared -f "$file" 16 L 1500
	cmp "$file" "$file.three"
}

@test "so many threads are there, and all work" {
	begin_paused -t 5 4 R 3000000
	assert_equal "$(find "/proc/$paused/task" -mindepth 1 -maxdepth 1 | wc -l)" 5
	assert_equal "$(field touches)" 15000000
	# CPU time in ticks: the 12th field behind the name
	for task in "/proc/$paused/task"/*; do
		assert [ "$(sed 's/.*) //' "$task/stat" | cut -d ' ' -f 12)" -gt 0 ]
	done
	kill $paused
	status=0
	wait $paused || status=$?
	assert_equal $status 143
}

@test "a file that is not there, is too short or cannot be mapped is one line and status 1" {
	file_of 1
	run -1 "$work" -f "$file.not" 1 R 1
	assert_output "work: $file.not: No such file or directory"
	run -1 "$work" -f "$file" 2 R 1
	assert_output "work: $file: too short: it has 1048576 of 2097152 bytes"
	for how in "" --shared; do
		# shellcheck disable=SC2086 # none, or one
		run -1 "$work" $how -f "$BATS_TEST_TMPDIR" 1 R 1
		assert_output "work: $BATS_TEST_TMPDIR: Is a directory"
	done
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	for other in "$BATS_TEST_TMPDIR/fifo" /dev/zero; do
		run -1 "$work" -f "$other" 1 R 1
		assert_output "work: $other: neither a regular file nor a block device"
	done
	run -1 "$work" -p 4K 1 R 1
	assert_output "work: pages of 4 kB: not here; see /sys/kernel/mm/hugepages/"
}

@test "if no huge pages are set aside, one line says how many are needed, and how to set them aside" {
	pages=/sys/kernel/mm/hugepages/hugepages-2048kB
	[ "$(cat $pages/nr_hugepages)" = 0 ] || skip "some are, or there are none of 2 MB"
	for program in "$work" "$sanitized"; do
		run -1 "$program" -p 2M 17 R 1
		assert_output "work: 17 MB of memory: huge pages needed: 9, free: 0; 'echo 9 | sudo tee $pages/nr_hugepages' sets them aside"
	done
}

@test "on a terminal, work tells the iteration and then only the report; in the background, nothing" {
	screen() { tmux -S "$BATS_TEST_TMPDIR/tmux" "$@"; }
	screen_says() { screen capture-pane -p | grep -q -e "$1"; }
	screen -f /dev/null new-session -d -x 160 -y 20 "PS1='> ' bash --norc --noprofile" 3>&-
	until_it screen_says '^>'
	screen send-keys "$work -n 3 -s 7 1 R 5" Enter
	until_it screen_says '^work [0-9]*: iteration 1 of 3 *$'
	until_it screen_says '^work [0-9]*: iteration 2 of 3, some [0-9]* s to go *$'
	until_it screen_says '^work: pid=[0-9]* .* seed=7 touches=15 .* major_max=[0-9]*$'
	run ! screen_says 'iteration'
	screen send-keys clear Enter "$work -n 2 -s 8 1 R 5 &" Enter
	until_it screen_says 'seed=8 touches=10 '
	run ! screen_says 'iteration'
	screen send-keys clear Enter "$work -v -n 1 -s 9 1 R 5" Enter
	until_it screen_says 'seed=9 touches=5 '
	run ! screen_says 'iteration 1 of'
}

@test "without the profiler, work says so in one line and goes on" {
	[ ! -e /proc/mp3/status ] || skip "the profiler is loaded"
	run -0 "$work" -n 1 1 R 1
	assert_equal "${#lines[@]}" 2
	assert_line --index 0 \
		"work: /proc/mp3/status: not there, running without a profiler"
}

# bats test_tags=bare
@test "without enough memory, work ends with one line and status 1" {
	run -1 bash -c 'ulimit -v 100000; exec "$1" -n 1 1024 R 1' - "$work"
	assert_output "work: 1024 MB of memory: Cannot allocate memory"
}

@test "a signal ends work at once: it reports and dies by that signal" {
	for name in HUP TERM; do
		rm -f "$BATS_TEST_TMPDIR/err"
		# whoever runs the tests may have it ignored (nohup)
		env --default-signal=$name "$work" -v 4 R 10 2>"$BATS_TEST_TMPDIR/err" 3>&- &
		pid=$!
		until grep -qs 'iteration=1 ' "$BATS_TEST_TMPDIR/err"; do sleep 0.02; done
		kill -s $name $pid
		status=0
		wait $pid || status=$?
		assert_equal "$name $status" "$name $((128 + $(kill -l $name)))"
		output=$(tail -n 1 "$BATS_TEST_TMPDIR/err")
		assert_between 0 "$(field elapsed_s)" 0.9 "seconds until SIG$name"
	done
}

@test "an ignored signal stays ignored" {
	run -0 bash -c 'trap "" TERM; "$1" -n 2 -v 1 R 1 2>&1 & sleep 0.2; kill $!; wait $!' \
		- "$work"
	assert_equal "$(field touches)" 2
}

@test "the address and undefined behaviour sanitizers find nothing in work" {
	file_of 64
	for arguments in "-n 1 1 R 100000" "-n 1 3 L 100000" "-n 2 -v 64 L 1234" "-n 1 -r 3 L 100000" \
			"-n 2 -t 3 3 L 10000" "-n 1 -t 3 -r -f $file 64 R 10000" "-n 1 --shared -f $file 64 R 10000" \
			"-n 1 -p system 3 R 100"; do
		# shellcheck disable=SC2086 # words they are
		run -0 "$sanitized" $arguments
		assert_equal "$(field mb)" "$(grep -o '[0-9]* [RL]' <<<"$arguments" | cut -d' ' -f1)"
		refute_output --partial "runtime error"
	done
}

# multiprogramming.sh runs the work beside it: here a stub that tells how it
# was run, in each shell that is there.

# with_stub COMMAND: puts multiprogramming.sh and a work of COMMAND into a directory.
with_stub() {
	mkdir "$BATS_TEST_TMPDIR/beside"
	cp "$ROOT/mp3/multiprogramming.sh" "$BATS_TEST_TMPDIR/beside"
	printf '#!/bin/sh\n%s\n' "$1" >"$BATS_TEST_TMPDIR/beside/work"
	chmod +x "$BATS_TEST_TMPDIR/beside/work"
	script=$BATS_TEST_TMPDIR/beside/multiprogramming.sh
}

shells() {
	local shell

	for shell in dash "$ROOT/build/tools/amd64/root/bin/busybox ash" bash; do
		if command -v "${shell%% *}" >/dev/null; then echo "$shell"; fi
	done
}

@test "multiprogramming runs N copies, nice, each with a seed of its own" {
	with_stub 'echo "$* at $(nice)"'
	nice=$(nice -n 10 nice)	# 19 is the most
	while read -r shell; do
		# shellcheck disable=SC2086 # "busybox ash" is two words
		run -0 $shell "$script" 3
		assert_equal "$shell: $(sort <<<"$output")" "$shell: -s 1 200 R 10000 at $nice
-s 2 200 R 10000 at $nice
-s 3 200 R 10000 at $nice"
		# shellcheck disable=SC2086
		SEED=1 run -0 $shell "$script" 1
		assert_output "-s 101 200 R 10000 at $nice"
		# shellcheck disable=SC2086
		run -0 $shell "$script"
		assert_equal "$shell: ${#lines[@]} copies" "$shell: 5 copies"
	done < <(shells)
}

@test "multiprogramming finds the work beside it from another directory" {
	with_stub 'echo here'
	cd "$BATS_TEST_TMPDIR"
	run -0 sh beside/multiprogramming.sh 1
	assert_output here
	cd beside
	run -0 sh multiprogramming.sh 1
	assert_output here
}

@test "multiprogramming fails if one copy failed, after all have ended" {
	with_stub '[ "$2" != 1 ] || exit 3; sleep 0.3; echo ended'
	while read -r shell; do
		# shellcheck disable=SC2086 # "busybox ash" is two words
		run -1 $shell "$script" 2
		assert_output ended
	done < <(shells)
}

@test "a signal to multiprogramming ends the copies it started, and no other" {
	with_stub 'echo $$; exec sleep 30'
	sleep 30 3>&- &
	bystander=$!
	while read -r shell; do
		: >"$BATS_TEST_TMPDIR/pids"
		# shellcheck disable=SC2086 # "busybox ash" is two words
		$shell "$script" 3 >"$BATS_TEST_TMPDIR/pids" 3>&- &
		pid=$!
		until [ "$(wc -l <"$BATS_TEST_TMPDIR/pids")" -eq 3 ]; do sleep 0.02; done
		kill -TERM $pid
		status=0
		wait $pid || status=$?
		assert_equal "$shell: $status" "$shell: 143"
		while read -r copy; do
			refute kill -0 "$copy"
		done <"$BATS_TEST_TMPDIR/pids"
		assert kill -0 $bystander
	done < <(shells)
	kill $bystander
}

@test "multiprogramming answers a bad level or seed with the usage and status 2" {
	with_stub 'echo started'
	for level in 0 -1 x 1.5 "" " 1" 01 1234567890; do
		run -2 sh "$script" "$level"
		assert_output --partial "Usage: "
		refute_output --partial started
	done
	run -2 sh "$script" 1 2
	for seed in -1 x 01; do
		SEED=$seed run -2 sh "$script" 1
		assert_output --partial "multiprogramming: SEED: '$seed'"
	done
}

@test "multiprogramming says so if work has not been built" {
	with_stub 'echo started'
	rm "$BATS_TEST_TMPDIR/beside/work"
	run -1 sh "$script"
	assert_output "multiprogramming: $BATS_TEST_TMPDIR/beside/work: not built yet"
}
