#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031 # each test has a stderr of its own
#
# lab - a command in a machine, its results, and every way in which it can end

load helpers

LAB=$ROOT/experiments/lab

# As somebody who is not root, if we can choose.
as_user() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	else
		"$@"
	fi
}

# The same run twice, side by side: here, and by an ordinary user in another
# tree, whose kernel is that of this one, but whose module is built there.
setup_file() {
	local other=$BATS_FILE_TMPDIR/elsewhere first
	"$ROOT/experiments/kernel"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" 2>/dev/null || true
	mkdir -p "$other/build/kernel"
	cp -r "$ROOT/experiments" "$ROOT/mp3" "$other"
	cp -a "$ROOT/build/kernel/6.1" "$other/build/kernel"
	chmod -R a+rX "$other"
	chmod 777 "$other" "$other/build" "$other/build/kernel"

	# shellcheck disable=SC2016 # expanded in the machine
	set -- -S ssd:64 -- sh -c '
		grep -o "^mp3" /proc/modules; id -u; pwd; echo "$OUT"
		su student -c "id -u; echo data >\$OUT/by-student"
		mkdir $OUT/deeper; date +%s.%N >$OUT/deeper/date
		work -n 2 32 R 100 2>$OUT/work; dmesg >$OUT/dmesg'
	mkdir "$BATS_FILE_TMPDIR/here"
	"$LAB" -o "$BATS_FILE_TMPDIR/here/results" "$@" \
		>"$BATS_FILE_TMPDIR/here/stdout" 2>"$BATS_FILE_TMPDIR/here/stderr" 3>&- &
	first=$!
	(cd "$other" && as_user experiments/lab -o results "$@") \
		>"$other/stdout" 2>"$other/stderr" || cat "$other/stderr" >&2
	wait "$first" || cat "$BATS_FILE_TMPDIR/here/stderr" >&2
}

setup() {
	results=$BATS_TEST_TMPDIR/results
	mkdir "$results"
	echo earlier >"$results/file"
}

# Whatever the end, what an earlier run left is still there, and nothing else.
assert_earlier_results() {
	run -0 ls -A "$results"
	assert_output file
	run -0 cat "$results/file"
	assert_output earlier
}

# The directory with the evidence, which the words name.
evidence() {
	[[ "$stderr" =~ see\ command\ and\ console.log\ in\ ([^\)]*) ]]
	evidence=${BASH_REMATCH[1]}
	[ -s "$evidence/command" ] && [ -e "$evidence/console.log" ]
}

# A process that has ended may still wait for its parent.
assert_gone() {
	run ps -o stat= -p "$1"
	refute_output --regexp '^[^Z]'
}

# How the lab that start_lab started has ended.
assert_lab_status() {
	local status=0
	wait "$lab" || status=$?
	assert_equal "$status" "$1"
}

# In a process group of its own, which can be interrupted from a keyboard.
start_lab() {
	env --default-signal=INT setsid "$LAB" "$@" \
		>"$BATS_TEST_TMPDIR/stdout" 2>"$BATS_TEST_TMPDIR/stderr" 3>&- &
	lab=$!
	for _ in {1..100}; do
		machine=$(pgrep -P "$lab" qemu) && break
		sleep 0.1
	done
	[ "$machine" ]
	sleep 1
}

@test "a command runs as root with the module loaded" {
	run -0 cat "$BATS_FILE_TMPDIR/here/stdout"
	assert_line --index 0 mp3
	assert_line --index 1 0
	assert_line --index 2 /mp3
	assert_line --index 3 /out
	assert_line --index 4 1000
}

@test "what it left in OUT is brought back, with meta.tsv" {
	cd "$BATS_FILE_TMPDIR/here/results"
	run -0 find . -type f
	assert_line ./by-student
	assert_line ./deeper/date
	assert_line ./meta.tsv
	run -0 cat meta.tsv
	assert_line "$(printf 'machine\tsim')"
	assert_line "$(printf 'hz\t250')"
	assert_line "$(printf 'swap_options\tndelay=100000 max_queue=32')"
	refute_output --partial "$ROOT"
}

@test "the same run gives the same bytes, elsewhere and for an ordinary user" {
	run -0 diff -r "$BATS_FILE_TMPDIR/here/results" "$BATS_FILE_TMPDIR/elsewhere/results"
	run -0 cmp "$BATS_FILE_TMPDIR/here/stdout" "$BATS_FILE_TMPDIR/elsewhere/stdout"
}

@test "the default size of the swap store, said or not, is the same machine" {
	"$LAB" -S ssd -o "$BATS_TEST_TMPDIR/one" -- true
	"$LAB" -S ssd:2048 -o "$BATS_TEST_TMPDIR/other" -- true
	cmp "$BATS_TEST_TMPDIR"/{one,other}/meta.tsv
}

@test "a successful run leaves nothing else behind" {
	run -0 ls "$BATS_FILE_TMPDIR/elsewhere/build/lab"
	assert_output ''
}

@test "the status, both outputs and their bytes pass through" {
	printf 'a\0b\n\377' >"$BATS_TEST_TMPDIR/bytes"
	status=0
	"$LAB" -n -S none -o "$results" -f "$BATS_TEST_TMPDIR/bytes" -- \
		sh -c 'cat bytes; echo "it'\''s wrong" >&2; exit 3' \
		>"$BATS_TEST_TMPDIR/stdout" 2>"$BATS_TEST_TMPDIR/stderr" || status=$?
	[ "$status" = 3 ]
	run -0 cmp "$BATS_TEST_TMPDIR/bytes" "$BATS_TEST_TMPDIR/stdout"
	run -0 cat "$BATS_TEST_TMPDIR/stderr"
	assert_line --index 0 "it's wrong"
	assert_line --index 1 --partial 'the command failed with status 3'
	stderr=$output
	assert_earlier_results
	evidence
	rm -r "$evidence"
}

@test "a kernel that complains is told from a command that fails" {
	run -254 --separate-stderr "$LAB" -n -S none -o "$results" -- \
		sh -c 'echo "<4>BUG: a test" >/dev/kmsg'
	output=$stderr assert_output --partial 'the kernel complained: '
	assert_earlier_results
	evidence
	rm -r "$evidence"
}

@test "a panic loses the machine" {
	run -255 --separate-stderr "$LAB" -n -S none -o "$results" -- \
		sh -c 'echo c >/proc/sysrq-trigger'
	output=$stderr assert_output --partial 'the machine was lost: Kernel panic'
	assert_earlier_results
	evidence
	run -0 grep -c 'sysrq triggered crash' "$evidence/console.log"
	rm -r "$evidence"
}

@test "a kernel that does not boot loses the machine" {
	run -255 --separate-stderr "$LAB" -n -S none -k /etc/hostname -o "$results" -- true
	output=$stderr assert_output --partial 'the machine was lost: '
	assert_earlier_results
	evidence
	rm -r "$evidence"
}

@test "a time-out loses the machine and ends it" {
	run -255 --separate-stderr "$LAB" -n -S none -t 2 -o "$results" -- \
		sh -c 'while :; do :; done'
	output=$stderr assert_output --partial 'the machine was lost: no end after 2 s'
	assert_earlier_results
	evidence
	run -1 pgrep -f "$(basename "$evidence")"
	rm -r "$evidence"
}

@test "a killed QEMU loses the machine" {
	start_lab -n -S none -o "$results" -- sh -c 'while :; do :; done'
	kill -KILL "$machine"
	assert_lab_status 255
	stderr=$(cat "$BATS_TEST_TMPDIR/stderr")
	output=$stderr assert_output --partial 'the machine was lost: '
	assert_earlier_results
	evidence
	rm -r "$evidence"
}

@test "Ctrl-C ends the machine with one line" {
	start_lab -n -S none -o "$results" -- sh -c 'while :; do :; done'
	kill -INT -- "-$lab"
	assert_lab_status 130
	assert_gone "$machine"
	run -0 cat "$BATS_TEST_TMPDIR/stderr"
	assert_output 'lab: interrupted'
	assert_earlier_results
}

@test "what the host lacks is said in one line, before anything is begun" {
	lab_says() {
		local status=$1 words=$2
		shift 2
		run "-$status" env "$@" -o "$results" -- true
		assert_output --regexp "^lab: .*$words"
		assert_equal "${#lines[@]}" 1
		assert_earlier_results
	}
	ls "$ROOT/build/lab" >"$BATS_TEST_TMPDIR/before"
	lab_says 1 'cannot read /nonexistent' "$LAB" -n -f /nonexistent
	lab_says 1 'qemu-nonesuch is missing' QEMU=qemu-nonesuch "$LAB" -n
	lab_says 1 'of memory' "$LAB" -n -M 99999999
	lab_says 2 'no such machine' "$LAB" -m abacus
	lab_says 2 'no such swap model' "$LAB" -S floppy
	lab_says 2 'not a number' "$LAB" -M 1x
	lab_says 2 'sim has one CPU' "$LAB" -c 2

	# a df that sees a full disk
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho h; echo / 9 9 9 100%% /\n' >"$BATS_TEST_TMPDIR/bin/df"
	chmod +x "$BATS_TEST_TMPDIR/bin/df"
	lab_says 1 'of disk' PATH="$BATS_TEST_TMPDIR/bin:$PATH" "$LAB" -n -M 64
	run -0 diff "$BATS_TEST_TMPDIR/before" <(ls "$ROOT/build/lab")
}

@test "KVM is tried before it is trusted" {
	# on a host whose KVM works, this is a run like any other
	run "$LAB" -m kvm -n -S none -o "$results" -- true
	if [ "$status" != 0 ]; then
		assert_equal "$status" 1
		assert_output --regexp '^lab: (KVM does not work|no KVM) on this host'
		assert_equal "${#lines[@]}" 1
		assert_earlier_results
	fi
}

# A guest is the host here.
@test "on a host, everything is as it was before" {
	cat >"$BATS_TEST_TMPDIR/on-host" <<-'END'
		#!/bin/sh
		set -eu
		unset SWAP
		rmmod mp3
		state() { cat /proc/swaps /proc/devices; ls -d /dev/* /proc/* | grep -v '/[0-9]*$'; ls /build/lab; }
		mkdir -p /build/lab
		state >/tmp/before
		same() { state >/tmp/after; diff /tmp/before /tmp/after; }

		./lab -m host -o /tmp/results -- sh -c '
			grep -o "^mp3" /proc/modules; cat /proc/swaps
			mknod node c 245 0; sleep 1000 & echo data >$OUT/file'
		same
		cat /tmp/results/file
		status=0
		./lab -m host -S zram:64 -- sh -c 'sed 1d /proc/swaps; exit 7' || status=$?
		echo "status $status"
		rm -r /build/lab/*
		same

		sh -c 'echo $$ >/tmp/lab; exec ./lab -m host -S none -- sleep 1000' 2>/tmp/words &
		sleep 2
		kill -TERM "$(cat /tmp/lab)"
		wait $! || echo "status $?"
		cat /tmp/words
		same
		pidof sleep || echo nothing runs
	END
	chmod +x "$BATS_TEST_TMPDIR/on-host"
	run -0 --separate-stderr "$LAB" -S ssd:64 -f "$BATS_TEST_TMPDIR/on-host" \
		-f "$LAB" -f "$ROOT/experiments/inside" -- on-host
	assert_line --index 0 mp3
	assert_line --partial /dev/sda
	assert_line data
	assert_line --partial /dev/zram0
	assert_line 'status 7'
	assert_line 'status 130'
	assert_line 'lab: interrupted'
	assert_line 'nothing runs'
}

@test "a lab that is killed takes its machine with it" {
	start_lab -n -S none -- sh -c 'while :; do :; done'
	run="$(readlink "/proc/$machine/cwd")"
	kill -KILL "$lab"
	sleep 1
	assert_gone "$machine"
	rm -r "${run:?}"
}
