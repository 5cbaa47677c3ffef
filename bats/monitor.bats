#!/usr/bin/env bats
# The monitor without the module: its refusals, and its way through a ring.

# shellcheck disable=SC2016 # what stands in single quotes is for another shell
# shellcheck disable=SC2154 # bats sets stderr

load helpers

setup_file() {
	make -C "$BATS_TEST_DIRNAME/../mp3" monitor >&2
	mkdir "$BATS_FILE_TMPDIR/sanitized"
	cd "$BATS_TEST_DIRNAME" || return
	set -- -std=gnu11 -g -O1 -Wall -Wextra -Wshadow -Wmissing-prototypes -Werror \
		-fsanitize=address,undefined -fno-sanitize-recover=all
	gcc "$@" -o "$BATS_FILE_TMPDIR/sanitized/monitor" ../mp3/tools/{monitor*,ring}.c -lncursesw >&2
	gcc "$@" -pthread -o "$BATS_FILE_TMPDIR/monitor-ring" monitor-ring.c ../mp3/tools/{monitor-device,ring}.c >&2
	gcc "$@" -pthread -o "$BATS_FILE_TMPDIR/record-ring" record-ring.c ../mp3/tools/ring.c >&2
}

setup() {
	monitor=$ROOT/mp3/monitor
	sanitized=$BATS_FILE_TMPDIR/sanitized/monitor
	not_loaded="is the module loaded? 'modprobe mp3' or 'insmod ./mp3.ko' loads it"
	cd "$BATS_TEST_TMPDIR" || return # where there is no ./node
}

# refuses DEVICE REASON: so do the monitor as built and the sanitized one.
refuses() {
	for program in "$monitor" "$sanitized"; do
		run -1 --separate-stderr "$program" -d "$1"
		assert_equal "$output" ""
		assert_equal "$stderr" "monitor: $1: $2"
	done
}

# ring SLOT:JIFFIES...: drains a ring that holds these samples.
ring() {
	printf '%s\n' "$@" | tr : ' ' >"$BATS_TEST_TMPDIR/samples"
	run -0 --separate-stderr "$BATS_FILE_TMPDIR/monitor-ring" <"$BATS_TEST_TMPDIR/samples"
}

# drained JIFFIES...: these samples came out, in this order, and nothing is left.
drained() {
	local jiffies expected=""

	for jiffies; do
		expected+="$jiffies $((jiffies + 1)) $((jiffies + 2)) $((jiffies + 3))"$'\n'
	done
	assert_equal "$output" "${expected%$'\n'}"
	assert_equal "$stderr" "drained: $#"$'\n'"left: 0 slots, 0 words"
}

# wrong_use PROGRAM NAME ARGUMENT... - is answered in one line, which has the name, and with status 2
wrong_use() {
	run -2 --separate-stderr "$1" "${@:3}"
	assert_equal "$output" ""
	assert_equal "${*:3}: ${#stderr_lines[@]} lines" "${*:3}: 1 lines"
	[[ $stderr == "monitor: "*" (-h for help)" && ($stderr == *"$2 wants "* || $stderr == *"no user"*) ]] ||
		fail "${*:3}: $stderr"
}

# refused REASON ARGUMENT... - in one line, with status 2
refused() {
	for program in "$monitor" "$sanitized"; do
		run -2 --separate-stderr "$program" "${@:2}"
		assert_equal "$output" ""
		assert_equal "$stderr" "monitor: $1 (-h for help)"
	done
}

@test "monitor's help goes to stdout" {
	for option in -h --help; do
		run -0 --separate-stderr "$sanitized" $option
		assert_line --index 0 "Usage: monitor [OPTION]... -- COMMAND [ARGUMENT]..."
		assert_equal "$stderr" ""
		# it fits a terminal
		[ "$(wc -L <<<"$output")" -le 80 ]
	done
}

# Each option with an argument, and words that are none of its; any word can be a file, a cgroup or
# a device.
with_argument() {
	cat <<'EOF'
-p --pid 0 x -1 1, ,1 1,x 1.5 99999999999
-C --comm , ,a a, a,,b
-u --user nobody-of-that-name -1 1x 99999999999
-G --cgroup
-i --interval x -1 0 1m 1,5 49ms 0.01 1e99
-D --duration x -1 0 1m 1,5 1e-12 1e99
-s --sort x size 1 major,minor
-n --lines x -1 0 1.5 3x 99999999999999999999
- --top x -1 0 3x
-b --by x user commands
-x --field-separator ab 1 a - . " \
-o --output
- --trace
-d --device
EOF
}

@test "each option with a missing, empty or wrong argument is one line that names it, and status 2" {
	local short long wrong word

	# all that the help has
	assert_equal "$(with_argument | cut -d ' ' -f 1,2 | sort)" \
		"$("$monitor" -h | sed -nE 's/^ +(-[a-zA-Z],)? *(--[a-z-]+)[=[].*/\1 \2/p' | sed 's/^ /- /; s/,//' |
			cat - <(echo - --top) | sort)"
	while read -r short long wrong; do
		for word in "" $wrong; do
			wrong_use "$sanitized" "$long" "$long=$word"
			[ "$short" = - ] || wrong_use "$sanitized" "$short" "$short" "$word"
			wrong_use "$sanitized" "$long" "$long" "$word"
		done
		# without a PID, -p is an old spelling, and without a number, --top is the live view
		[ "$long" = --top ] || wrong_use "$sanitized" "$long" "$long"
		[ "$short" = - ] || [ "$short" = -p ] || wrong_use "$sanitized" "$short" "$short"
	done < <(with_argument)
}

@test "an option that monitor does not know, or that takes no argument, is one line that names it, and status 2" {
	refused "no such option: -z" -z
	refused "no such option: -z" -fz
	refused "no such option: --what" --what
	refused "no such option: --what" --what=1
	refused "more than one option begins so: --t" --t
	refused "no such option: -1; a PID is a word of its own, as in -p 1234" -p1234
	# --top and --trace have one
	"$monitor" -h | grep -oE -- '--[a-z]+($| )' | grep -v -e '--top' -e '--trace' >without
	[ "$(wc -l <without)" -ge 8 ]
	while read -r option; do
		refused "$option takes no argument" "$option=1"
	done <without
	refused "--recor takes no argument" --recor=
}

@test "each option's wrong use is one line that says what is right, and status 2" {
	refused "-p wants PID[,PID]..., not '1,x'" -p 1,x
	refused "-p wants PID[,PID]..., not ''" -p ""
	refused "-p wants PID[,PID]..., not 'abc'" -p abc
	refused "-p wants PID[,PID]..., not '-1'" -fp -1
	refused "--pid wants PID[,PID]..., not '1,'" --pid=1,
	refused "--pid wants PID[,PID]..." --pid
	refused "-C wants NAME[,NAME]..., not ','" -C ,
	refused "-G wants a cgroup, as system.slice/ssh.service, not ''" -G ""
	refused "-u wants a user, by name or number, not ''" -u ""
	refused "there is no user 'nobody-of-that-name'" -u nobody-of-that-name
	refused "-i wants a time, as 500ms, 1s or 2, not '1m'" -i 1m
	refused "--interval wants a time, as 500ms, 1s or 2" --interval
	refused "-i wants at least 50ms, the time from a sample to the next" -i 49ms
	refused "-D wants a time, as 500ms, 1s or 2, not '0'" -a -D 0
	refused "-n wants a number from 1 on, not '-1'" -a -n -1
	refused "--top wants a number from 1 on, not '3x'" -a --top 3x
	refused "-s wants major, minor, cpu, rss, swap, time, pid or command, not 'size'" -a -s size
	refused "--sort wants major, minor, cpu, rss, swap, time, pid or command, not 'size'" -a --sort size
	refused "--by wants 'command', not 'user'" -a --by user
	refused "-x wants a separator, as -x, or -x ';', not 'ab'" -a -x ab
	refused "-o wants a file, not ''" -o "" -- true
	refused "--trace wants a file" --trace
	refused "-d wants a device" -d
}

@test "options that do not go together are one line that says which, and status 2" {
	refused "'node' stands alone: a command comes behind '--'" -f node
	refused "'110' stands alone: -p 110 profiles a process" 110
	refused "no command stands behind '--'" --
	refused "no command stands behind '--'" -o x --
	for option in -a "-p 1" "-C sh" "-u 0" "-G /" -r -p -t --top -f -T "-D 5" "--duration 5" -w --new; do
		# shellcheck disable=SC2086 # words they are
		refused "${option%% *} does not go with a command, 'true'" $option -- true
	done
	refused "-p does not go with -a" -a -p 1
	refused "-p does not go with -C" -p 1 -C sh
	refused "--all does not go with -u" --all -u 0
	refused "-t does not go with -p" -t -p
	refused "-t does not go with -i" -t -i 1
	refused "--top does not go with -f" --top -f
	refused "-t does not go with -D" -t -a -D 1
	refused "-r does not go with -i" -r -i 1
	refused "-p does not go with --trace" -p --trace x
	refused "-r does not go with --trace" -r --trace x
	refused "-x does not go with -t" -x , -t
	refused "-n does not go with -r" -r -n 3
	refused "-o does not go with -t" -t -o x
	refused "--sort does not go with -r" -r --sort cpu
	refused "-w does not go with -a" -w -a
	refused "--new does not go with -p" --new -p 1
	refused "-T needs to know whose tree: -p PID, -C, -u or -G" -T
	refused "-o needs a command, -i, or processes (-p PID, -C, -u, -G or -a)" -o x
	refused "--top needs a command, -i, or processes (-p PID, -C, -u, -G or -a)" --top=3
	refused "-n needs a command, -i, or processes (-p PID, -C, -u, -G or -a)" --trace x -n 3
	refused "--by needs a command, -i, or processes (-p PID, -C, -u, -G or -a)" --by command
	refused "-j needs a command, -i, -r, or processes (-p PID, -C, -u, -G or -a)" -j
	refused "-x needs a command, -i, -r, or processes (-p PID, -C, -u, -G or -a)" -x,
	refused "-s needs a command, -i, -t, or processes (-p PID, -C, -u, -G or -a)" -s cpu
	refused "-D needs -f, -i, or processes (-p PID, -C, -u, -G or -a)" -D 5
	refused "-w needs -f or -i" -w
	refused "--new needs -r or --trace" --new
	# "--" that is an argument ends no options
	refused "'true' stands alone: a command comes behind '--'" -d -- true
	[ ! -e x ]
}

@test "-p with no PID behind it is the old spelling of -r" {
	[ ! -e /dev/mp3-records ] || skip "the profiler is loaded"
	for arguments in -p "-p -f" -pf "-p -d /dev/null" --processes -r --records "-r --new" "--pid 1" "-p 1" "-p 1,2 -T"; do
		# shellcheck disable=SC2086 # words they are
		run -1 "$sanitized" $arguments
		assert_equal "${#lines[@]}" 1
		assert_output --regexp "monitor: /dev/(mp3-records is not there: is the module loaded\? .*|null: not a record ring)"
	done
}

@test "a command that is not begun leaves the files for the summary and the trace as they were" {
	[ ! -e /dev/mp3-records ] || skip "the profiler is loaded"
	echo old | tee summary >trace
	for program in "$monitor" "$sanitized"; do
		run -125 "$program" -o summary --trace trace -- touch begun
		assert_output "monitor: /dev/mp3-records is not there: $not_loaded"
		run -125 "$program" -o /nowhere/file -- touch begun
		assert_output "monitor: /nowhere/file: No such file or directory"
		assert_equal "$(cat summary trace)" $'old\nold'
		[ ! -e begun ]
	done
}

@test "without a device, monitor names both places where it has looked" {
	[ ! -e /dev/mp3 ] || skip "the profiler is loaded"
	run -1 "$sanitized"
	assert_output "monitor: neither ./node nor /dev/mp3 is there: $not_loaded"
}

@test "./node is tried before /dev/mp3" {
	touch node
	run -1 "$sanitized"
	assert_output "monitor: ./node: not a profile buffer"
}

@test "a device that is named is the only one tried" {
	touch node
	refuses "$BATS_TEST_TMPDIR/none" "No such file or directory"
}

@test "a directory is no profile buffer" {
	refuses "$BATS_TEST_TMPDIR" "Is a directory"
}

@test "a regular file is no profile buffer, be it short or long enough" {
	touch short
	refuses short "not a profile buffer"
	truncate -s 1M long
	refuses long "not a profile buffer"
	assert_equal "$(stat -c %s short long)" $'0\n1048576'
}

@test "a FIFO is no profile buffer and keeps nobody waiting" {
	mkfifo fifo
	refuses fifo "not a profile buffer"
}

@test "another driver's device is no profile buffer" {
	refuses /dev/null "not a profile buffer"
	refuses /dev/zero "not a profile buffer"
}

@test "a device that must not be opened is refused with the reason" {
	install -m 0 /dev/null secret
	# root may open everything, but for the capabilities that let it
	if [ "$(id -u)" -eq 0 ]; then
		set -- setpriv --bounding-set=-dac_override,-dac_read_search
		"$@" true || skip "capabilities cannot be dropped here"
	fi
	run -1 "$@" "$monitor" -d secret
	assert_output "monitor: secret: Permission denied"
}

@test "an empty ring gives no line" {
	run -0 --separate-stderr "$BATS_FILE_TMPDIR/monitor-ring" </dev/null
	drained
}

@test "one sample is printed and taken, wherever it is" {
	for slot in 0 1 5999 11999; do
		ring $slot:77
		drained 77
	done
}

@test "an arc that begins at the ring's is printed in order" {
	ring 0:10 1:20 2:30
	drained 10 20 30
}

@test "an arc that goes round the ring's end is printed in order" {
	ring 11998:10 11999:20 0:30 1:40
	drained 10 20 30 40
}

@test "samples that share a tick stay in order, even round the ring's end" {
	ring 4:5 5:5 6:5 7:6
	drained 5 5 5 6
	ring 11998:5 11999:5 0:5 1:5 2:6
	drained 5 5 5 5 6
}

@test "a full ring begins behind its newest sample" {
	for begin in 0 1 777 11999; do
		seq 0 11999 | awk -v b=$begin '{ print ($1 + b) % 12000, $1 + 5 }' >samples
		diff <(seq 5 12004 | awk '{ print $1, $1 + 1, $1 + 2, $1 + 3 }') \
			<("$BATS_FILE_TMPDIR/monitor-ring" <samples 2>err)
		assert_equal "$(cat err)" $'drained: 12000\nleft: 0 slots, 0 words'
	done
}

@test "holes are skipped, the order is that of time" {
	ring 11990:1 0:2 1:3
	drained 1 2 3
	ring 11990:1 11995:2 11996:3 3:4 4:5 900:6
	drained 1 2 3 4 5 6
}

@test "a ring with every other slot empty is drained in order" {
	seq 0 2 11999 | awk '{ print ($1 + 5000) % 12000, $1 }' >samples
	diff <(seq 0 2 11999 | awk '{ print $1, $1 + 1, $1 + 2, $1 + 3 }') \
		<("$BATS_FILE_TMPDIR/monitor-ring" <samples 2>err)
	assert_equal "$(cat err)" $'drained: 6000\nleft: 0 slots, 0 words'
}

@test "a monitor that the module has overtaken goes on with the oldest sample" {
	for last in 12001 12002 12100 17000 23999; do
		{
			printf '0 0\n1 1\nprint\n'
			seq 2 $last | awk '{ print $1 % 12000, $1 }'
		} >samples
		diff <(seq 0 1; seq $((last - 11999)) $last) \
			<("$BATS_FILE_TMPDIR/monitor-ring" <samples 2>err | cut -d' ' -f1)
		assert_equal "$last: $(cat err)" \
			"$last: drained: 12000"$'\n'"left: 0 slots, 0 words"
	done
}

@test "a sample behind a hole is found when it comes" {
	printf '%s\n' "5 1" print "7 2" "8 3" print "9 4" >samples
	run -0 --separate-stderr "$BATS_FILE_TMPDIR/monitor-ring" <samples
	assert_equal "$(cut -d' ' -f1 <<<"$output" | xargs)" "1 2 3 4"
}

@test "a ring in disorder is drained nevertheless, each sample once" {
	seq 0 11999 | awk '{ print $1, 20000 - $1 }' >falling
	seq 0 11999 | awk '{ print $1, ($1 * 7919) % 12007 }' >shuffled
	seq 0 11999 | awk '{ print $1, 3 }' >equal
	for samples in falling shuffled equal; do
		"$BATS_FILE_TMPDIR/monitor-ring" <$samples >out 2>err
		diff <(cut -d' ' -f2 $samples | sort) <(cut -d' ' -f1 out | sort)
		assert_equal "$samples: $(cat err)" \
			"$samples: drained: 12000"$'\n'"left: 0 slots, 0 words"
	done
}

@test "what could not be written stays in the ring" {
	seq 0 99 | sed 's/.*/& &/' >samples
	run -1 bash -c '"$1" <samples >/dev/full' - "$BATS_FILE_TMPDIR/monitor-ring"
	assert_output "monitor-ring: standard output: No space left on device
left: 100 slots, 400 words"
}

@test "samples that are overwritten while they are read are never half new" {
	"$BATS_FILE_TMPDIR/monitor-ring" 2000000 >out 2>err
	run awk '$2 != $1 + 1 || $3 != $1 + 2 || $4 != $1 + 3' out
	assert_output ""
	# the first was overwritten before it could be read
	run -1 grep '^0 ' out
	# so fast a writer upsets the order, but does not lose the last sample
	run -0 grep '^1999999 ' out
	assert_output "1999999 2000000 2000001 2000002"
	run tail -n 1 err
	assert_output "left: 0 slots, 0 words"
}

@test "following prints every sample in order and ends when the device hangs up" {
	"$BATS_FILE_TMPDIR/monitor-ring" -f 300 >out 2>err
	diff <(seq 0 299 | awk '{ print $1, $1 + 1, $1 + 2, $1 + 3 }') out
	assert_equal "$(cat err)" $'followed: 300\nleft: 0 slots, 0 words'
}

@test "a signal ends following in order, with the samples that are there" {
	for name in TERM INT; do
		rm -f out err
		# which whoever has started the tests in the background may have had ignored
		env --default-signal=INT,TERM "$BATS_FILE_TMPDIR/monitor-ring" -f 400 "$(kill -l $name)" >out 2>err ||
			fail "SIG$name: status $?, $(cat err)"
		n=$(wc -l <out)
		diff <(seq 0 $((n - 1))) <(cut -d' ' -f1 out)
		assert_equal "$(head -n 1 err)" "followed: $n"
		# all that were there when the signal came
		assert [ "$n" -ge 400 ]
	done
}

# steps CAPACITY STEP... - a reader of a ring of so many records does this, one after the other;
# what it prints is $line, with commas
steps() {
	local capacity=$1
	shift
	printf '%s\n' "$@" >"$BATS_TEST_TMPDIR/steps"
	"$BATS_FILE_TMPDIR/record-ring" "$capacity" <"$BATS_TEST_TMPDIR/steps" >"$BATS_TEST_TMPDIR/said"
	line=$(paste -sd , "$BATS_TEST_TMPDIR/said")
}

@test "records are read in order, once, and only up to the head" {
	steps 8 next "write 2" "begin 3" next next next "write 0" next next next next missed
	assert_equal "$line" "none,0,1,none,2,3,4,none,0"
}

@test "a reader of records that is overtaken goes on with the oldest that is left, and counts what it missed" {
	# 20 are written, 12 of them overwritten; one of these had been read
	steps 8 "write 1" next "write 19" missed next missed next
	assert_equal "$line" "0,0,12,11,13"
}

@test "what the sample being written has overwritten is missed, too, though the head does not say so" {
	# records 8, 9 and 10 are in the places of 0, 1 and 2
	steps 8 "write 8" "begin 3" next missed "write 0" next
	assert_equal "$line" "3,3,4"
}

@test "records that are looked at in their place count only if they were not overwritten meanwhile" {
	steps 8 "write 5" look "take 5" look "write 6" look "take 6" missed
	assert_equal "$line" "0 5,taken,5 0,5 6,taken,0"
	# 11 and 12 come to the places of 3 and 4, and 13 to that of 5, the first looked at
	steps 8 "write 5" look "take 5" "write 6" look "begin 2" "take 6" missed
	assert_equal "$line" "0 5,taken,5 6,taken,0"
	steps 8 "write 5" look "take 5" "write 6" look "begin 3" "take 6" look missed
	assert_equal "$line" "0 5,taken,5 6,overtaken,6 5,1"
}

@test "a reader of records begins with the next sample, or anew with the oldest, as it likes" {
	steps 8 "write 3" skip next "write 1" next rewind next "write 9" rewind next missed
	assert_equal "$line" "none,3,0,5,0"
}

@test "every record that is read while others are written is whole, and read and missed ones add up to all" {
	# one that is never overtaken, and three that are: by a record, and by samples of
	# a part of the ring, and of more than a ring
	run -0 "$BATS_FILE_TMPDIR/record-ring" 100000 100000 16
	assert_output "read=100000 missed=0"
	for shape in "64 3000000 1" "64 3000000 16" "64 3000000 100"; do
		# shellcheck disable=SC2086 # three words
		run -0 "$BATS_FILE_TMPDIR/record-ring" $shape lag
		echo "$shape: $output"
		[[ $output =~ ^read=([0-9]+)\ missed=([0-9]+)$ ]]
		assert [ "${BASH_REMATCH[1]}" -gt 0 ]
		assert [ "${BASH_REMATCH[2]}" -gt 0 ]
	done
}
