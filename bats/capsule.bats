#!/usr/bin/env bats
# bats file_tags=guest
# shellcheck disable=SC2030,SC2031 # each test is a subshell of its own
#
# capsule - a file that repeats a run anywhere, and says so when it does not

load helpers
load lib/tree

LAB=$ROOT/experiments/lab

# thrash - the arguments of lab for a run that waits for its swap store
thrash=(-S ssd:512 -M 160 -- sh -c 'work -n 2 240 R 20000 2>$OUT/thrash.work; monitor >$OUT/thrash.data; : >$OUT/nothing')

# A capsule, and what it leaves when it has run once; replayed holds that for tests of what is said of it.
setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	chmod 755 "$BATS_RUN_TMPDIR" . 2> /dev/null || true
	mkdir capsule replayed
	"$LAB" --capsule capsule/thrash.tar "${thrash[@]}" > lab.out 2>&1 || cat lab.out >&2
	tar -x -f capsule/thrash.tar
	(cd thrash && ./run -k) > run.out 2> run.err || cat run.err >&2
	cp thrash/files/run/{results.tar,verdict,lockstep} replayed
	rm -r thrash/files/run/{results.tar,verdict,lockstep,out,result}
}

setup() { cd "$BATS_TEST_TMPDIR" || return; }

# unpacked - the capsule is in the working directory, with its files
unpacked() { cp -r "$BATS_FILE_TMPDIR/thrash" .; }

# instead COMMAND - of QEMU, which it goes by the name of, in the capsule that was unpacked
instead() { printf '#!/bin/sh\ncd "${0%%/*}" || exit\n: > console.log\nexec sh -c %q qemu -m 16 -x\n' "$1" > thrash/files/run/command; }

# replays - what is unpacked, with a QEMU that leaves at once what the real one has left
replays() {
	unpacked
	instead "cp $BATS_FILE_TMPDIR/replayed/results.tar $BATS_FILE_TMPDIR/replayed/lockstep . && cp $BATS_FILE_TMPDIR/replayed/verdict ."
}

# runs - the capsule says that all is as it was
runs() {
	run "$@"
	assert_success
	assert_line --regexp "$identical"
}
identical='^identical: run: [0-9]+ bytes in 3 files, [0-9]{4,} major faults, [0-9.]+ s in the machine$'

# says_no WORDS COMMAND... - it ends with 1 and one line
says_no() {
	run -1 "${@:2}"
	assert_output --partial "$1"
	assert_equal ${#lines[@]} 1
}

# in_root COMMAND... - in ./root, where there is nothing but what is in it, /proc and /dev/null
in_root() {
	local user=-r
	[ "$(id -u)" != 0 ] || user=
	unshare $user -m -p -f true || skip 'nobody but root may have a root of his own here'
	mkdir -p root/proc root/dev
	touch root/dev/null
	# shellcheck disable=SC2086 # no word, or one
	unshare $user -m -p -f sh -c 'mount -t proc proc root/proc && mount --bind /dev/null root/dev/null && exec chroot root "$@"' sh "$@"
}

# has_ended PID - a process that has ended may still wait for its parent
has_ended() {
	local state
	state=$(ps -o stat= -p "$1") || return 0
	[[ "$state" = Z* ]]
}

# start [OPTION...] - begin ./run of thrash; sets runner, and machine, when there is that
start() {
	instead 'echo $$ > pid.new; mv pid.new pid; exec sleep 1000'
	(cd thrash && exec env --default-signal=INT,TERM,HUP setsid ./run "$@") > out 2> err 3>&- &
	runner=$!
	until_it [ -e thrash/files/run/pid ]
	machine=$(cat thrash/files/run/pid)
}

@test "it says identical, of how many bytes and of how many major faults" {
	run -0 cat "$BATS_FILE_TMPDIR/run.out"
	assert_output --regexp "$identical"
	# so that there is something to repeat
	[ "$(awk '{ n += $3 } END { print n }' "$BATS_FILE_TMPDIR/thrash/files/run/expected/thrash.data")" -gt 1000 ]
	run -0 cat "$BATS_FILE_TMPDIR/run.err"
	assert_line --index 0 'run: unpacking'
	assert_line --index 1 --regexp '^run: run: begins, with [0-9]+ MB of memory$'
	replays
	runs thrash/run
	# there is nothing else to see, and nothing is left
	assert_equal "$(ls thrash)" "$(printf '%s\n' README busybox files files.tar.xz run)"
	run ! ls thrash/files/run/out
}

@test "its README names its runs and its parts, and what it takes" {
	run -0 cat "$BATS_FILE_TMPDIR/thrash/README"
	assert_line '    run'
	for word in /proc /dev/null MB ./run vmlinuz initramfs command inputs expected; do
		assert_output --partial "$word"
	done
	run -0 awk 'length > 110' "$BATS_FILE_TMPDIR/thrash/README"
	assert_output ''
}

@test "-h helps, -l lists its runs, before they are unpacked, too" {
	tar -x -f "$BATS_FILE_TMPDIR/capsule/thrash.tar"
	for option in -h --help; do
		run -0 thrash/run $option
		assert_line --index 0 'run - run again what is in this capsule, and compare it with what came of it before'
		refute_output --partial 'set -eu'
	done
	run -0 thrash/run -l
	assert_output run
	run -0 ls thrash
	refute_line files
	cp -r "$BATS_FILE_TMPDIR/thrash/files" thrash
	run -0 thrash/run -l
	assert_output run
}

@test "a wrong option or an unknown run is one line, and status 2" {
	unpacked
	for arguments in -x --wrong -w nothing run/ ../thrash/files/run '-w no-such-program'; do
		# shellcheck disable=SC2086 # words
		run -2 thrash/run $arguments
		assert_equal ${#lines[@]} 1
	done
	assert_output 'run: there is no no-such-program here'
}

@test "a root with nothing but busybox is enough" {
	mkdir root
	cp "$BATS_FILE_TMPDIR/thrash/busybox" "$BATS_FILE_TMPDIR/capsule/thrash.tar" root
	in_root /busybox tar -x -f thrash.tar
	runs in_root /busybox sh thrash/run -w 'taskset 1'
	assert_equal "$(ls root)" "$(printf '%s\n' busybox dev proc thrash thrash.tar)"
}

@test "without /proc it says so" {
	[ "$(id -u)" = 0 ] || skip 'only root may change its root'
	mkdir root
	cp -r "$BATS_FILE_TMPDIR/thrash" "$BATS_FILE_TMPDIR/thrash/busybox" root
	says_no 'this takes a mounted /proc' chroot root /busybox sh thrash/run
}

@test "an ordinary user runs it, at another priority" {
	chmod 777 .
	as_user tar -x -f "$BATS_FILE_TMPDIR/capsule/thrash.tar"
	runs as_user thrash/run -w 'nice -n 19'
}

@test "in a directory that cannot be written, or is another user's, it says so" {
	[ "$(id -u)" = 0 ] || skip 'only root has files of others'
	tar -x -f "$BATS_FILE_TMPDIR/capsule/thrash.tar"
	says_no 'cannot write in' as_user thrash/run
	run -0 as_user thrash/run -l
	cp -r "$BATS_FILE_TMPDIR/thrash/files" thrash
	says_no 'cannot write in' as_user thrash/run
	chmod 777 thrash
	says_no 'cannot write in' as_user thrash/run
}

@test "where no program may be started, it says so" {
	[ "$(id -u)" = 0 ] || skip 'only root may mount'
	mkdir noexec
	says_no 'a file system that programs may be started from' unshare -m sh -c "mount -t tmpfs -o noexec none noexec &&
		tar -x -C noexec -f '$BATS_FILE_TMPDIR/capsule/thrash.tar' && exec sh noexec/thrash/run"
}

@test "when the disk is too small, it says so, and leaves nothing that looks whole" {
	[ "$(id -u)" = 0 ] || skip 'only root may mount'
	mkdir small
	says_no 'the disk is full' unshare -m sh -c "mount -t tmpfs -o size=60m none small && cd small &&
		tar -x -f '$BATS_FILE_TMPDIR/capsule/thrash.tar' && { thrash/run 2>&1 | grep -v unpacking; ls thrash/files thrash/files.new 2> /dev/null; exit 1; }"
	says_no 'FAILED: run: it takes 64 MB of disk' unshare -m sh -c "mount -t tmpfs -o size=130m none small && cd small &&
		tar -x -f '$BATS_FILE_TMPDIR/capsule/thrash.tar' && { thrash/run 2>&1 | grep -v unpacking; exit 1; }"
}

@test "when there is too little memory, it says so" {
	unpacked
	sed -i 's/ -m [0-9]* / -m 99999999 /' thrash/files/run/command
	says_no 'run: FAILED: run: it takes 99999999 MB of memory' thrash/run
}

@test "it may lie in a directory of any name, and be called from anywhere" {
	mkdir -p $'a b\'c"d$e*\\f,g:h%\n\n' elsewhere/thrash
	cd $'a b\'c"d$e*\\f,g:h%\n\n'
	replays
	CDPATH=$BATS_TEST_TMPDIR/elsewhere runs sh thrash/run
	# the true QEMU, too
	cp "$BATS_FILE_TMPDIR/thrash/files/run/command" thrash/files/run
	timeout -s TERM 6 thrash/run 2> "$BATS_TEST_TMPDIR/err" || true
	assert_equal "$(cat thrash/files/run/qemu.log)" ''
	[ -e thrash/files/run/console.log ]
}

@test "the environment does not matter" {
	replays
	BASH_ENV=/dev/null ENV=/nothing LD_PRELOAD='' POSIXLY_CORRECT=1 LC_ALL=tr_TR.UTF-8 TZ=Asia/Tokyo IFS=x PATH=/nothing \
		runs /bin/sh thrash/run
}

@test "made again, elsewhere and at another time, with another umask, it is the same to the byte" {
	mkdir other
	cd other
	umask 077
	TZ=Asia/Tokyo "$LAB" --capsule "$PWD/thrash.tar" "${thrash[@]}"
	run -0 cmp thrash.tar "$BATS_FILE_TMPDIR/capsule/thrash.tar"
}

@test "another megabyte of memory is found, and which sample is the first that differs" {
	unpacked
	awk '{ for (i = 1; i < NF; i++) if ($i == "-m") $(i + 1)++; print }' thrash/files/run/command > words
	run ! cmp words thrash/files/run/command
	cp words thrash/files/run/command
	run -1 thrash/run
	assert_line 'run: DIFFERENT: run: thrash.data'
	assert_line --regexp '^run: 	thrash.data, sample [0-9]+$'
	assert_line --regexp '^run: 	was: [0-9 ]+$'
	assert_line --regexp '^run: 	is:  [0-9 ]+$'
	# to be looked at
	[ -s thrash/files/run/out/thrash.data ]
}

@test "a sample that is another is shown, and so is one that is missing" {
	replays
	cd thrash/files/run
	cp expected/thrash.data was
	awk 'NR == 3 { $2++ } { print }' was > expected/thrash.data
	run -1 ../../run
	assert_line 'run: DIFFERENT: run: thrash.data'
	assert_line 'run: 	thrash.data, sample 3'
	assert_line "run: 	was: $(sed -n 3p expected/thrash.data)"
	assert_line "run: 	is:  $(sed -n 3p was)"
	# equal as numbers
	sed '3s/ / 0/' was > expected/thrash.data
	run -1 ../../run
	assert_line 'run: 	thrash.data, sample 3'
	sed '$d' was > expected/thrash.data
	run -1 ../../run
	assert_line "run: 	thrash.data, sample $(wc -l < was)"
	assert_line 'run: 	was: (nothing)'
	# of an empty file
	cp was expected/thrash.data
	echo something > expected/nothing
	run -1 ../../run
	assert_line 'run: 	was: something'
	assert_line 'run: 	is:  (nothing)'
}

@test "a digest that is another is shown" {
	replays
	sed -i '/^thrash.work/s/\t.*/\t0123/' thrash/files/run/digests
	run -1 thrash/run
	assert_line 'run: DIFFERENT: run: thrash.work'
	assert_line 'run: 	thrash.work, its SHA-256'
	assert_line 'run: 	was: 0123'
	assert_line "run: 	is:  $(sha256sum < thrash/files/run/expected/thrash.work | cut -d ' ' -f 1)"
	refute_output --partial identical
}

@test "repetitions counts how often a capsule is identical, and fails if it once is not" {
	replays
	tar -c -f same.tar thrash
	sed -i '/^thrash.work/s/\t.*/\t0123/' thrash/files/run/digests
	tar -c -f other.tar thrash
	run -1 --separate-stderr "$ROOT/experiments/repetitions" same=same.tar:3 other=other.tar:2
	assert_line --index 0 "$(printf 'run\tcondition\trepetitions\tidentical\tmajor_faults')"
	assert_line --regexp "^same	all	3	3	[0-9]{4,}$"
	assert_line --regexp "^same	one CPU	1	1	[0-9]{4,}$"
	assert_line "$(printf 'other\tall\t2\t0\t0')"
	run -2 "$ROOT/experiments/repetitions" same=same.tar
	assert_output "repetitions: not NAME=CAPSULE:TIMES: same=same.tar"
}

@test "a file that is missing, or one more, is named" {
	replays
	cp thrash/files/run/digests digests
	sed -i 1d thrash/files/run/digests
	run -1 thrash/run
	assert_line "run: DIFFERENT: run: $(head -n 1 digests | cut -f 1) is one more in out/"
	(cat digests; printf 'more of it\t0123\n') > thrash/files/run/digests
	run -1 thrash/run
	assert_line 'run: DIFFERENT: run: more of it is missing'
	cp digests thrash/files/run
	touch thrash/files/run/expected/more
	run -1 thrash/run
	assert_line 'run: DIFFERENT: run: more is one more in expected/'
	rm thrash/files/run/digests
	says_no 'FAILED: run: its digests is missing or empty' thrash/run
}

@test "a machine that was lost, whose command failed, or that ran without lockstep.so is a failure" {
	replays
	instead 'echo "qemu: no memory" >&2; exit 1'
	run -1 thrash/run
	assert_line 'run: FAILED: run: its machine was lost: qemu: no memory'
	instead 'exit 0'
	run -1 thrash/run
	assert_line 'run: FAILED: run: its machine was lost: it went off without a verdict'
	instead 'echo 3 clean > verdict; sleep 9'
	run -1 thrash/run
	assert_line 'run: FAILED: run: its command ended with 3, the kernel: clean'
	instead 'echo lw > lockstep; echo 0 clean > verdict'
	run -1 thrash/run
	assert_line 'run: FAILED: run: lockstep.so was not at work'
	instead "echo lwpg > lockstep; head -c 700 $BATS_FILE_TMPDIR/replayed/results.tar > results.tar; echo 0 clean > verdict"
	run -1 thrash/run
	assert_line --partial 'not all of its results have arrived'
}

@test "what interrupts it ends the machine, too" {
	unpacked
	for signal in INT TERM HUP; do
		rm -f thrash/files/run/pid
		start
		# as from a keyboard: the whole group
		kill -s $signal -- "-$runner"
		status=0
		wait "$runner" || status=$?
		assert_equal "$signal $status" "$signal 130"
		until_it has_ended "$machine"
		assert_equal "$(tail -n 1 err)" 'run: interrupted'
	done
	run ! ls thrash/files/alive
}

@test "when it is killed, the machine is, too" {
	unpacked
	start
	kill -KILL "$runner"
	until_it has_ended "$machine"
	# and another one may run
	rm thrash/files/run/pid
	start
	kill "$runner"
	until_it has_ended "$machine"
}

@test "a machine that was started by a program that stays is ended, too" {
	unpacked
	start -w 'time -p'
	kill "$runner"
	until_it has_ended "$machine"
}

@test "two at a time in one directory are refused" {
	unpacked
	start
	says_no 'another ./run is at work in this directory' thrash/run
	kill "$runner"
	until_it has_ended "$machine"
}

@test "what was unpacked in part is unpacked again, and a damaged archive is one line" {
	tar -x -f "$BATS_FILE_TMPDIR/capsule/thrash.tar"
	mkdir -p thrash/files.new/run
	touch thrash/files.new/run/command
	cp thrash/files.tar.xz whole
	size=$(wc -c < whole)
	for cut in 0 100 1000000 $((size - 20)); do
		head -c "$cut" whole > thrash/files.tar.xz
		run -1 thrash/run
		assert_equal "$(grep -v unpacking <<< "$output")" 'run: files.tar.xz is missing or damaged: unpack the capsule again'
		run ! ls thrash/files thrash/files.new
	done
	cp whole thrash/files.tar.xz
	printf '\377' | dd of=thrash/files.tar.xz bs=1 seek=$((size / 2)) conv=notrunc status=none
	run -1 thrash/run
	assert_line 'run: files.tar.xz is missing or damaged: unpack the capsule again'
	says_no 'files.tar.xz is missing or damaged' thrash/run -l
	rm thrash/files.tar.xz
	run -1 thrash/run
	assert_line 'run: files.tar.xz is missing or damaged: unpack the capsule again'
	cp whole thrash/files.tar.xz
	# interrupted while it unpacks
	(cd thrash && exec setsid ./run) 2> err 3>&- &
	runner=$!
	until_it [ -e thrash/files.new ]
	kill -- "-$runner"
	status=0
	wait "$runner" || status=$?
	assert_equal $status 130
	run ! ls thrash/files thrash/files.new
}

@test "lab refuses what cannot become a capsule, in one line, before a machine boots" {
	mkdir directory
	[ ! -e /dev/full ] || refused 1 'no file' --capsule /dev/full
	refused 1 'it is there, and no file' --capsule directory
	refused 1 "there is no directory $PWD/not" --capsule "$PWD/not/there.tar"
	refused 1 'File name too long' --capsule "$(printf %0253d 0)"
	refused 2 '--capsule needs a name' --capsule
	refused 2 '--capsule needs a name' --capsule ''
	refused 2 'only sim repeats itself' -m tcg --capsule one.tar
	QEMU=/usr/bin/qemu-system-x86_64 refused 2 'a capsule has the QEMU of build/tools' --capsule one.tar
	chmod 555 directory
	[ "$(id -u)" = 0 ] || refused 1 'Permission denied' --capsule directory/one.tar
	assert_equal "$(ls -A . directory)" "$(printf '.:\ndirectory\n\ndirectory:')"
}

# refused STATUS WORDS OPTION... - with one line
refused() {
	run "-$1" "$LAB" "${@:3}" -- true
	assert_output --partial "$2"
	assert_equal ${#lines[@]} 1
}

@test "a capsule that cannot be written at the end, or would hold nothing, loses nothing of the run" {
	[ "$(id -u)" = 0 ] || skip 'only root may mount'
	mkdir small
	# shellcheck disable=SC2016 # expanded in the machine
	run -1 unshare -m sh -c 'mount -t tmpfs -o size=4m none small && exec "$@"' sh \
		"$LAB" -n -S none -M 192 --capsule small/one.tar -o results -- sh -c 'echo it >$OUT/file'
	assert_line --regexp '^lab: the capsule cannot be written to small/one.tar .*see command and console.log in '
	[[ "$output" =~ command\ and\ console.log\ in\ ([^\)]*) ]]
	assert_equal "$(cat results/file "${BASH_REMATCH[1]}/out/file")" "$(printf 'it\nit')"
	rm -rf "${BASH_REMATCH[1]}"
	# shellcheck disable=SC2016
	run -1 "$LAB" -n -S none -M 192 --capsule one.tar -- sh -c ': >"$OUT/in
two"'
	assert_line --partial 'the name of a file in it cannot be'
	run ! ls one.tar one.tar.new
}

@test "rows become one, which runs both or one by its name; and only those whose results are there" {
	scratch_tree tree
	cd tree
	cp -rp "$ROOT/build/mp3" build
	tiny_case experiments/cases/tiny
	one=sim-6.1-192-none-1/tiny-1 two=sim-6.1-192-none-1/tiny-2
	says_line 'of which RUNS?' make capsule
	says_line "$one: there are no results" make -s capsule RUNS=$one
	make -s build/rows/$one build/rows/$two
	cp -r results results.were
	for row in tcg-6.1-192-none-1/tiny-1 "$(MACHINE=host N=1 experiments/rows -p tiny)"; do
		says_line 'only runs of sim repeat themselves' make -s capsule RUNS="$row"
	done
	sed -i 's/^seed\t1/seed\t7/' results/$two/meta.tsv
	says_line "$two: the results are of other inputs" make -s capsule RUNS=$two
	cp results.were/${two%/*}/tiny-2/meta.tsv results/$two
	echo more >> results/$two/tiny-2.data
	says_line "$two: tiny-2.data is not what the run has left" make -s capsule RUNS=$two
	cp results.were/${two%/*}/tiny-2/tiny-2.data results/$two
	assert_equal "$(ls -A build/capsules)" ''
	run -0 diff -r results.were results
	run -1 experiments/capsule / $one
	assert_output 'capsule: cannot write /: it is there, and no file'

	run -0 make -s capsule RUNS="$one $two"
	file=${lines[-1]}
	[ -f "$file" ]
	cd "$BATS_TEST_TMPDIR"
	tar -x -f "$file"
	cd "$(basename "$file" .tar)"
	run -0 ./run -l
	assert_output "$(printf '%s\n' $one $two)"
	run -0 ./run $two
	assert_line --regexp "^identical: $two: [0-9]+ bytes in 6 files, 0 major faults"
	assert_line --partial 'without major faults this says little'
	refute_output --partial "$one"
	run -0 ./run
	assert_equal "$(grep -c ^identical <<< "$output")" 2
}

# says_line WORDS COMMAND... - beside what make says of the failure, and what it was about
says_line() {
	run "${@:2}"
	[ "$status" != 0 ]
	assert_equal "$(grep -c -v -e "^make" -e "^lab: building" -e "^capsule: [^ ]*/[^ ]*$" <<< "$output")" 1
	assert_output --partial "$1"
}
