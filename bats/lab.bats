#!/usr/bin/env bats
# bats file_tags=guest
# shellcheck disable=SC2030,SC2031,SC2154 # each test has a stderr of its own, which bats sets
#
# lab - a command in a machine, its results, and every way in which it can end

load helpers
load lib/tree

LAB=$ROOT/experiments/lab

# The same run twice, side by side: here, and by an ordinary user in another
# tree, whose kernel is that of this one, but whose module is built there.
setup_file() {
	local other=$BATS_FILE_TMPDIR/elsewhere first
	"$ROOT/experiments/machine/kernel"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" 2>/dev/null || true
	mkdir -p "$other/build/kernel" "$other/build/tools"
	cp -r "$ROOT/experiments" "$ROOT/mp3" "$other"
	chmod -R a+rX "$other"
	chmod 777 "$other" "$other/build" "$other/build/kernel" "$other/build/tools"
	# the very files, where it is the same file system: nobody writes them
	cp -al "$ROOT/build/kernel/6.1" "$other/build/kernel" 2>/dev/null || cp -a "$ROOT/build/kernel/6.1" "$other/build/kernel"
	cp -al "$ROOT/build/tools/amd64" "$other/build/tools" 2>/dev/null || cp -a "$ROOT/build/tools/amd64" "$other/build/tools"

	# shellcheck disable=SC2016 # expanded in the machine
	set -- -S ssd:64 -K vm.swappiness=10 -K /sys/kernel/mm/transparent_hugepage/enabled=madvise \
		-K /sys/kernel/mm/lru_gen/enabled=y -K boot:transparent_hugepage=never -- sh -c '
		grep -o "^mp3" /proc/modules; id -u; pwd; echo "$OUT"
		su student -c "id -u; echo data >\$OUT/by-student"
		mkdir $OUT/deeper; date +%s.%N >$OUT/deeper/date
		cat /proc/sys/vm/swappiness /sys/kernel/mm/transparent_hugepage/enabled
		(i=0; while [ $i -lt 300 ]; do echo "line $i"; i=$((i + 1)); done) &
		work -n 2 32 R 100 2>$OUT/work; wait; dmesg >$OUT/dmesg'
	printf '%s\0' "$@" >"$BATS_FILE_TMPDIR/arguments"
	mkdir -p "$BATS_FILE_TMPDIR/here/results/earlier"
	touch "$BATS_FILE_TMPDIR/here/results/"{meta.tsv,earlier/file}
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
	touch "$results/meta.tsv"
}

# Whatever the end, what an earlier run left is still there, and nothing else.
assert_earlier_results() {
	run -0 ls -A "$results"
	assert_output "file
meta.tsv"
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

# A QEMU that never comes to an end, as a machine that hangs, but at once, and takes no CPU. It
# leaves its PID.
fake_qemu() {
	QEMU=$BATS_TEST_TMPDIR/qemu
	cat >"$QEMU" <<-'END'
		#!/bin/sh
		# asked for its version, its files, its directories, or to be a machine
		case " $* " in
		*" --version "* | *" -monitor stdio "* | *" -L help "*) echo fake; exit ;;
		esac
		here=$(dirname "$0")
		echo $$ >"$here/pid.new"
		mv "$here/pid.new" "$here/pid"
		: >console.log
		exec sleep 1000
	END
	chmod +x "$QEMU"
	export QEMU
}

# In a process group of its own, which can be interrupted from a keyboard.
start_lab() {
	fake_qemu
	env --default-signal=INT setsid "$LAB" "$@" \
		>"$BATS_TEST_TMPDIR/stdout" 2>"$BATS_TEST_TMPDIR/stderr" 3>&- &
	lab=$!
	until_it [ -e "$BATS_TEST_TMPDIR/pid" ]
	machine=$(cat "$BATS_TEST_TMPDIR/pid")
}

@test "a command runs as root with the module loaded" {
	run -0 cat "$BATS_FILE_TMPDIR/here/stdout"
	assert_line --index 0 mp3
	assert_line --index 1 0
	assert_line --index 2 /mp3
	assert_line --index 3 /out
	assert_line --index 4 1000
	assert_line 'line 299'
}

@test "knobs are set when it runs" {
	run -0 cat "$BATS_FILE_TMPDIR/here/stdout"
	assert_line --index 5 10
	assert_line --index 6 'always [madvise] never'
	run -0 grep -P '^knobs\t' "$BATS_FILE_TMPDIR/here/results/meta.tsv"
	assert_output --partial "vm.swappiness=10 /sys/kernel/mm/transparent_hugepage/enabled=madvise"
}

@test "earlier results are replaced as a whole, and what is no result is not replaced" {
	run -0 ls -A "$BATS_FILE_TMPDIR/here"
	assert_output "results
stderr
stdout"
	run ! ls "$BATS_FILE_TMPDIR/here/results/earlier"
	mkdir "$BATS_TEST_TMPDIR/thesis"
	touch "$BATS_TEST_TMPDIR/thesis/chapter"
	run -1 "$LAB" -n -o "$BATS_TEST_TMPDIR/thesis" -- true
	assert_output --partial 'holds something else than results'
	assert_equal "${#lines[@]}" 1
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
	assert_line "$(printf 'swap_options\tndelay=100000 max_queue=32 sector_size=4096')"
	refute_output --partial "$ROOT"
}

@test "the same run gives the same bytes, elsewhere and for an ordinary user" {
	run -0 diff -r "$BATS_FILE_TMPDIR/here/results" "$BATS_FILE_TMPDIR/elsewhere/results"
	run -0 cmp "$BATS_FILE_TMPDIR/here/stdout" "$BATS_FILE_TMPDIR/elsewhere/stdout"
}

@test "the default size of the swap store, said or not, is the same machine" {
	"$LAB" --inputs -S ssd -- true >"$BATS_TEST_TMPDIR/one"
	"$LAB" --inputs -S ssd:2048 -- true >"$BATS_TEST_TMPDIR/other"
	run -0 diff "$BATS_TEST_TMPDIR"/{one,other}
}

@test "--inputs says what the run will say, but for what came out" {
	cd "$BATS_FILE_TMPDIR/here/results"
	sed '/^seconds\t/,$d' meta.tsv >"$BATS_TEST_TMPDIR/were"
	mapfile -d '' -t arguments <"$BATS_FILE_TMPDIR/arguments"
	"$LAB" --inputs "${arguments[@]}" >"$BATS_TEST_TMPDIR/are"
	run -0 diff "$BATS_TEST_TMPDIR"/{were,are}
	run -0 sed -n '/^seconds\t/,$p' meta.tsv
	assert_output --regexp $'^seconds\t[0-9.]+\nmajor_faults\t[0-9]+$'
	run -0 grep -c -E '^(qemu|firmware|lockstep|initramfs|kernel|mp3)_sha256\s[0-9a-f]{64}$' meta.tsv
	assert_output 6
}

@test "another byte in QEMU, or another knob, is another input, and that alone" {
	local tree=$BATS_TEST_TMPDIR/tree file tools
	mkdir "$tree"
	cp -r "$ROOT/experiments" "$ROOT/mp3" "$tree"
	lend_build "$tree"
	"$tree/experiments/lab" --inputs -- true >"$BATS_TEST_TMPDIR/were"
	# what has been read once is not read again
	ls "$tree/build/digests" >"$BATS_TEST_TMPDIR/digests"
	"$tree/experiments/lab" --inputs -- true >"$BATS_TEST_TMPDIR/are"
	cmp "$BATS_TEST_TMPDIR"/{were,are}
	run -0 diff "$BATS_TEST_TMPDIR/digests" <(ls "$tree/build/digests")
	tools=$tree/build/tools/amd64
	rm "$tree/build/tools"
	mkdir -p "$tools"
	ln -s "$ROOT"/build/tools/amd64/{bin,root,packages} "$tools"
	for file in qemu-system-x86_64:qemu_sha256 libglib-2.0.so.0:qemu_sha256 bios-256k.bin:firmware_sha256; do
		rm -rf "$tools/qemu"
		cp -r "$ROOT/build/tools/amd64/qemu" "$tools/qemu"
		echo >>"$tools/qemu/${file%:*}"
		"$tree/experiments/lab" --inputs -- true >"$BATS_TEST_TMPDIR/are"
		run -1 diff "$BATS_TEST_TMPDIR"/{were,are}
		assert_equal "$(grep -c '^[<>]' <<<"$output")" 2
		assert_line --partial "${file#*:}"
	done
	"$LAB" --inputs -K boot:zswap.enabled=1 -- true >"$BATS_TEST_TMPDIR/are"
	run -1 diff "$BATS_TEST_TMPDIR"/{were,are}
	assert_line --regexp '^> kernel_options.* zswap.enabled=1$'
	assert_line --regexp '^> knobs	boot:zswap.enabled=1$'
}

# Neither what is found in PATH, nor what lies where such things lie.
@test "nothing of the host's programs goes into a run, nor does its user's locale, umask or time zone" {
	local tree=$BATS_TEST_TMPDIR/tree shims=$BATS_TEST_TMPDIR/shims name
	local names=(ar as busybox cc cc1 collect2 cpio cpp depmod gcc gcc-{12,13,14} insmod kmod ld ld.bfd modinfo modprobe nice nm \
		objcopy objdump pkg-config qemu-system-x86_64 ranlib readelf size strip xz zstd)
	mkdir "$shims" "$tree"
	for name in "${names[@]}"; do
		printf '#!/bin/sh\necho "%s $*" >>"%s/called"\nexit 99\n' "$name" "$BATS_TEST_TMPDIR" >"$shims/$name"
		[ "$name" = as ] || ln -s "$name" "$shims/x86_64-linux-gnu-$name"
	done
	chmod +x "$shims"/*
	# put_over_host COMMAND... - with the shims in the place of the host's programs, and without its headers and firmware
	put_over_host() {
		# shellcheck disable=SC2016 # expanded there
		unshare -m bash -euc 'shims=$1; shift
			for directory in /usr/include /usr/lib/gcc /usr/lib/modules /usr/share/{qemu,seabios} /usr/lib/x86_64-linux-gnu/qemu; do
				[ ! -d $directory ] || mount -t tmpfs tmpfs $directory
			done
			for shim in "$shims"/*; do
				for directory in /usr/bin /usr/sbin; do
					file=$directory/${shim##*/}
					[ ! -e "$file" ] || [ "$(readlink -f "$file")" = "$(readlink -f "$(command -v env)")" ] ||
						mount --bind "$shim" "$(readlink -f "$file")"
				done
			done
			exec "$@"' bash "$shims" "$@"
	}
	cp -r "$ROOT/experiments" "$ROOT/mp3" "$tree"
	lend_build "$tree"
	"$LAB" --inputs -- true >"$BATS_TEST_TMPDIR/were"
	unshare -m true 2>/dev/null || put_over_host() { "$@"; }
	(
		umask 077
		put_over_host env PATH="$shims:$PATH" LC_ALL=tr_TR.UTF-8 TZ=Pacific/Kiritimati HOME=/nonexistent \
			"$tree/experiments/lab" --inputs -- true >"$BATS_TEST_TMPDIR/are"
	)
	run -0 diff "$BATS_TEST_TMPDIR"/{were,are}
	[ ! -e "$BATS_TEST_TMPDIR/called" ] || fail "$(cat "$BATS_TEST_TMPDIR/called")"
	# they would have been
	run -99 put_over_host env PATH="$shims:$PATH" gcc
}

@test "a QEMU of the host's is another input, and runs the same machine" {
	local qemu=$ROOT/build/tools/amd64/qemu results=$BATS_TEST_TMPDIR/results
	printf '#!/bin/sh\nQEMU_MODULE_DIR="%s" exec "%s/ld-linux-x86-64.so.2" --library-path "%s" "%s/qemu-system-x86_64" -L "%s" "$@"\n' \
		"$qemu" "$qemu" "$qemu" "$qemu" "$qemu" >"$BATS_TEST_TMPDIR/mine"
	chmod +x "$BATS_TEST_TMPDIR/mine"
	# shellcheck disable=SC2016 # expanded in the machine
	set -- -n -S none -- sh -c 'cat /proc/interrupts /proc/uptime /proc/vmstat >$OUT/state'
	"$LAB" -o "$results" "$@"
	QEMU=$BATS_TEST_TMPDIR/mine "$LAB" -o "$BATS_TEST_TMPDIR/other" "$@"
	cmp "$results/state" "$BATS_TEST_TMPDIR/other/state"
	run -1 diff "$results/meta.tsv" "$BATS_TEST_TMPDIR/other/meta.tsv"
	assert_equal "$(sed -n 's/^[<>] \([^\t]*\)\t.*/\1/p' <<<"$output" | sort -u | paste -sd ' ')" qemu_sha256
}

@test "a comment in what runs in the machine is no input, its code is" {
	local tree=$BATS_TEST_TMPDIR/tree file
	mkdir "$tree"
	cp -r "$ROOT/experiments" "$ROOT/mp3" "$tree"
	lend_build "$tree"
	"$tree/experiments/lab" --inputs -- true >"$BATS_TEST_TMPDIR/were"
	for file in experiments/machine/{init,inside,profile,swaps.tsv} mp3/multiprogramming.sh; do
		printf '\n# a remark\n' >>"$tree/$file"
		sed -i '1a # another one' "$tree/$file"
	done
	for file in experiments/machine/lockstep.c "$(basename "$(ls -d "$tree"/mp3/module/sampler.c "$tree"/mp3/sampler.c 2>/dev/null)")"; do
		file=$(find "$tree/experiments" "$tree/mp3" -name "${file##*/}" | head -n 1)
		echo '/* a remark */' >>"$file"
	done
	"$tree/experiments/lab" --inputs -- true >"$BATS_TEST_TMPDIR/are"
	run -0 diff "$BATS_TEST_TMPDIR"/{were,are}
	echo 'true' >>"$tree/experiments/machine/profile"
	"$tree/experiments/lab" --inputs -- true >"$BATS_TEST_TMPDIR/are"
	run -1 diff "$BATS_TEST_TMPDIR"/{were,are}
	assert_equal "$(grep -c '^[<>]' <<<"$output")" 2
	assert_line --partial initramfs_sha256
}

@test "--dry-run prints the command of the machine" {
	run -0 "$LAB" --dry-run -m tcg -c 3 -- true
	assert_line --regexp '^exec env QEMU_MODULE_DIR=qemu qemu/ld-linux-x86-64.so.2 --library-path qemu qemu/qemu-system-x86_64 -L qemu .* -smp 3 .* -append '
	run -0 "$LAB" --dry-run -- true
	assert_line --regexp '^exec env QEMU_MODULE_DIR=qemu LOCKSTEP=lockstep qemu/ld-.* --library-path qemu --preload ./lockstep.so qemu/qemu-system-x86_64 '
	QEMU=/bin/false run -0 "$LAB" --dry-run -- true
	assert_line --regexp '^exec env LD_PRELOAD=./lockstep.so LOCKSTEP=lockstep /bin/false '
	run -2 "$LAB" --wet-run -- true
	assert_output 'lab: no such option: --wet-run (-h for help)'
}

# arm64_image - a file that says that it is a kernel for arm64, and is none; prints its path
arm64_image() {
	{ head -c 56 /dev/zero; printf ARMd; } >"$BATS_TEST_TMPDIR/Image"
	echo "$BATS_TEST_TMPDIR/Image"
}

@test "the architecture of a machine is that of its kernel, be it a row or a file" {
	export QEMU=true	# there, whatever this host has
	run -0 "$LAB" --dry-run -n -k "$(arm64_image)" -- true
	assert_output --regexp ' -machine virt-7.2 .* -icount .* -cpu cortex-a76 .*console=ttyAMA0 .*pci-serial,chardev=stdout '
	run -0 "$LAB" --dry-run -n -k /etc/hostname -- true
	assert_output --regexp ' -machine pc-i440fx-7.2,hpet=off .* -icount .*console=ttyS0 .* -serial chardev:stdout '
	unset QEMU
	run -0 "$LAB" --compiler -k 6.1
	assert_output "$ROOT/build/tools/amd64/bin/gcc"
	CC="mycc -pipe" run -0 "$LAB" --compiler -k 6.1
	assert_output "mycc -pipe"
	arm64_here || skip "the rest needs packages that are not here: experiments/machine/kernel 6.1-arm64"
	for kernel in 6.1-arm64 6.12-arm64-16k "$(arm64_image)"; do
		run -0 "$LAB" --compiler -k "$kernel"
		assert_output "$ROOT/build/tools/arm64/bin/aarch64-linux-gnu-gcc"
	done
}

@test "the compiler for a machine compiles for it, with its own headers and libraries" {
	printf '#include <stdio.h>\nint main(void) { return puts(__VERSION__) < 0; }\n' >"$BATS_TEST_TMPDIR/version.c"
	cd "$BATS_TEST_TMPDIR"
	$("$LAB" --compiler) -v -Wl,-t -o version version.c >said 2>&1
	run -0 ./version
	assert_output --regexp '^12[.]'
	# all that it has linked, but for its own temporary file, is in build/tools
	tools=$(readlink -f "$ROOT/build/tools")
	run -0 awk -v tools="$tools" '/^\/.*[.](o|a|so|so[.][0-9]+)$/ { while ((c = "readlink -f " $0) | getline path) { } close(c); n++
		if (index(path, tools) != 1 && path !~ /\/cc[^\/]*[.]o$/) print path }
		END { if (n < 6) print "it says nothing" }' said
	assert_output ""
	run -0 sed -n '/search starts here/,/End of search/p' said
	while read -r path; do
		case $(readlink -f "$path") in
		"$tools"/*) ;;
		*) fail "it looks for headers in $path" ;;
		esac
	done < <(grep -o '/.*' <<<"$output")
}

# arm64_here - its kernel and its tools, which only who asks for such a machine has
arm64_here() { [ -d "$ROOT/build/kernel/6.1-arm64" ] && [ -d "$ROOT/build/tools/arm64" ]; }

@test "an arm64 machine runs the module, passes bytes on, and repeats itself" {
	arm64_here || skip "no arm64 here: experiments/machine/kernel 6.1-arm64"
	cat >"$BATS_TEST_TMPDIR/hello.c" <<-'END'
		#include <stdio.h>
		int main(void) { return printf("hello%c\377", 0) != 7; }
	END
	$("$LAB" --compiler -k 6.1-arm64) -o "$BATS_TEST_TMPDIR/hello" "$BATS_TEST_TMPDIR/hello.c"
	for time in 1 2; do
		# shellcheck disable=SC2016 # expanded in the machine
		"$LAB" -k 6.1-arm64 -M 160 -S ssd:256 -f "$BATS_TEST_TMPDIR/hello" -o "$BATS_TEST_TMPDIR/$time" -- sh -c '
			nice work -n 3 240 R 20000 2>$OUT/work; monitor -p >$OUT/records; dmesg >$OUT/dmesg
			cat /proc/vmstat >$OUT/vmstat; uname -m >&2; hello' \
			>"$BATS_TEST_TMPDIR/stdout.$time" 2>"$BATS_TEST_TMPDIR/stderr.$time"
	done
	run -0 cmp "$BATS_TEST_TMPDIR/stdout.1" <(printf 'hello\0\377')
	run -0 cmp "$BATS_TEST_TMPDIR"/stdout.{1,2}
	run -0 grep -c -x aarch64 "$BATS_TEST_TMPDIR/stderr.1"
	run -0 diff -r "$BATS_TEST_TMPDIR"/{1,2}
	# what was counted lies between what the process says of itself before and after
	run -0 awk -F '\t' 'FNR == NR { for (n = split($0, word, " "); n; n--) if (split(word[n], is, "=") == 2) said[is[1]] = is[2]; next }
		FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		{ minor += $at["minor"]; major += $at["major"] }
		END { print minor, major; exit !(minor >= said["minor"] && minor <= said["minor_max"] &&
			major >= said["major"] && major <= said["major_max"] && major > 100) }' \
		"$BATS_TEST_TMPDIR/1/work" "$BATS_TEST_TMPDIR/1/records"
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
	fake_qemu
	run -255 --separate-stderr "$LAB" -n -S none -t 1 -o "$results" -- true
	output=$stderr assert_output --partial 'the machine was lost: no end after 1 s'
	assert_earlier_results
	evidence
	assert_gone "$(cat "$BATS_TEST_TMPDIR/pid")"
	rm -r "$evidence"
}

@test "a killed QEMU loses the machine, which is not the command's fault" {
	start_lab -n -S none -o "$results" -- true
	kill -KILL "$machine"
	assert_lab_status 75
	stderr=$(cat "$BATS_TEST_TMPDIR/stderr")
	output=$stderr assert_output --partial 'the machine was lost: '
	assert_earlier_results
	evidence
	rm -r "$evidence"
}

@test "Ctrl-C ends the machine with one line" {
	start_lab -n -S none -o "$results" -- true
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
	lab_says 75 'of memory' "$LAB" -n -M 99999999
	lab_says 2 'no such machine' "$LAB" -m abacus
	lab_says 2 'no such swap model' "$LAB" -S floppy
	lab_says 2 'not a number' "$LAB" -M 1x
	lab_says 2 'sim has one CPU' "$LAB" -c 2
	lab_says 2 "KVM runs machines of this host's kind" "$LAB" -m kvm -k 6.1-arm64
	lab_says 1 'qemu-nonesuch is missing on this host' QEMU=qemu-nonesuch "$LAB" -k 6.1-arm64
	lab_says 1 "sh is no program for arm64, .* compile it with what 'lab -k 6.1-arm64 --compiler' names" "$LAB" -k 6.1-arm64 -f /bin/sh

	# a df that sees a full disk
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho h; echo / 9 9 9 100%% /\n' >"$BATS_TEST_TMPDIR/bin/df"
	chmod +x "$BATS_TEST_TMPDIR/bin/df"
	lab_says 75 'of disk' PATH="$BATS_TEST_TMPDIR/bin:$PATH" "$LAB" -n -M 64
	run -0 diff "$BATS_TEST_TMPDIR/before" <(ls "$ROOT/build/lab")
}

@test "KVM is tried before it is trusted" {
	# on a host whose KVM works, this is a run like any other
	run --separate-stderr "$LAB" -m kvm -n -S none -o "$results" -- \
		sh -c 'cat /proc/sys/vm/overcommit_memory; echo 7 >$OUT/seven'
	if [ "$status" = 0 ]; then
		assert_output 0
		run -0 cat "$results/seven"
		assert_output 7
		run -0 grep -P '^machine\tkvm$' "$results/meta.tsv"
	else
		output=$stderr
		assert_equal "$status" 1
		assert_output --regexp '^lab: (KVM does not work|no KVM) on this host[^'$'\n'']*$'
		assert_earlier_results
	fi
}

# A guest is the host here, in which lab is called again.
@test "on a host, everything is as it was before" {
	cat >"$BATS_TEST_TMPDIR/on-host" <<-'END'
		#!/bin/sh
		set -eu
		unset SWAP KNOBS
		rmmod mp3
		mkdir -p /tmp/tree/build/tools/amd64
		tar -x -C /tmp/tree -f experiments.tar
		# nothing of it is used before there is memory for a machine
		grep '^amd64	' /tmp/tree/experiments/machine/pinned.tsv >/tmp/tree/build/tools/amd64/packages
		ln -s /mp3 /tmp/tree/mp3
		lab=/tmp/tree/experiments/lab
		state() {
			cat /proc/swaps /proc/devices /proc/sys/vm/swappiness /proc/sys/kernel/printk \
				/sys/kernel/mm/transparent_hugepage/enabled /sys/kernel/mm/lru_gen/enabled
			ls -d /dev/* /proc/* | grep -v '/[0-9]*$'
			ls -d /sys/fs/cgroup/lab.* 2>/dev/null || true
			ls /tmp/tree/build/lab
		}
		mkdir -p /tmp/tree/build/lab
		state >/tmp/before
		same() { state >/tmp/after; diff /tmp/before /tmp/after; }

		$lab -m host -o /tmp/results -K vm.swappiness=11 -K 'kernel.printk=3 4 1 7' \
			-K /sys/kernel/mm/transparent_hugepage/enabled=never \
			-K /sys/kernel/mm/lru_gen/enabled=y -- sh -c '
			grep -o "^mp3" /proc/modules; cat /proc/swaps
			cat /proc/sys/vm/swappiness /sys/kernel/mm/transparent_hugepage/enabled
			mknod node c 245 0; sleep 1000 & echo data >$OUT/file'
		same
		cat /tmp/results/file
		grep ^knobs /tmp/results/meta.tsv
		status=0
		$lab -m host -S zram:64 -- sh -c 'sed 1d /proc/swaps; exit 7' || status=$?
		echo "status $status"
		rm -r /tmp/tree/build/lab/*
		same

		for knob in vm.wishfulness=10 vm.swappiness=1000 vm.swappiness=-1 /sys/nosuch=1 \
			/sys/kernel/mm/transparent_hugepage/enabled=perhaps memory.max=lots memory.nosuch=1 \
			memory.max=200001 memory.max=; do
			status=0
			$lab -m host -n -K vm.swappiness=12 -K $knob -- echo it ran 2>/tmp/words || status=$?
			echo "$knob: $status $(head -n 1 /tmp/words)"
		done
		rm -r /tmp/tree/build/lab/*
		same

		# the shell, and what it forks; and one that fails, in a cgroup
		$lab -m host -K memory.max=64M -K memory.high=48M -- sh -c '
			echo "cgroup $(cat $CGROUP/memory.max $CGROUP/memory.high | paste -sd " ") $(
				sh -c "cat /proc/self/cgroup") is ${CGROUP#/sys/fs/cgroup}"
			grep -c -x $$ $CGROUP/cgroup.procs; sleep 1000 &'
		status=0
		$lab -m host -K memory.max=max -- sh -c 'echo "limit $(cat $CGROUP/memory.max)"; exit 9' || status=$?
		echo "status $status"
		$lab -m host -- sh -c 'echo "no cgroup: ${CGROUP-none}"'
		rm -r /tmp/tree/build/lab/*
		same

		sh -c "echo \$\$ >/tmp/lab; exec $lab -m host -S none -- sh -c 'touch /tmp/runs; sleep 1000'" 2>/tmp/words &
		until [ -e /tmp/runs ]; do sleep 0.1; done
		kill -TERM "$(cat /tmp/lab)"
		wait $! || echo "status $?"
		cat /tmp/words
		same
		pidof sleep || echo nothing runs

		# a machine that has not yet taken what it was promised
		printf '#!/bin/sh\nsleep 1000\n' >/tmp/qemu-system-x86_64
		chmod +x /tmp/qemu-system-x86_64
		/tmp/qemu-system-x86_64 -m 500 &
		QEMU=/tmp/qemu-system-x86_64 $lab -n -S none -k /etc/passwd -M 300 -- true 2>&1 || true
		mkdir -p /tmp/bare/mp3 /tmp/bare/build
		cp -r /tmp/tree/experiments /tmp/bare
		touch /tmp/bare/mp3/Kbuild
		/tmp/bare/experiments/lab -m host -- true 2>&1 || true
	END
	tar -c -C "$ROOT" -f "$BATS_TEST_TMPDIR/experiments.tar" experiments
	run -0 --separate-stderr "$LAB" -S ssd:64 -K boot:transparent_hugepage=always -M 700 \
		-f "$BATS_TEST_TMPDIR/on-host" -f "$BATS_TEST_TMPDIR/experiments.tar" -- sh on-host
	assert_line --index 0 mp3
	assert_line --partial /dev/sda
	assert_line 11
	assert_line 'always madvise [never]'
	assert_line data
	assert_line --partial 'vm.swappiness=11 kernel.printk=3 4 1 7'
	assert_line --partial /dev/zram0
	assert_line 'status 7'
	assert_line 'vm.wishfulness=10: 1 lab: this kernel has no knob vm.wishfulness'
	assert_line 'vm.swappiness=1000: 1 lab: this kernel does not take the knob vm.swappiness=1000'
	assert_line '/sys/nosuch=1: 1 lab: this kernel has no knob /sys/nosuch'
	assert_line --regexp '^/sys/.*=perhaps: 1 lab: this kernel does not take the knob'
	assert_line 'memory.max=lots: 1 lab: this kernel does not take the knob memory.max=lots'
	assert_line 'memory.nosuch=1: 1 lab: this kernel has no knob memory.nosuch'
	assert_line 'memory.max=200001: 1 lab: the knob memory.max=200001 was set, and reads 196608'
	assert_line --regexp '^memory.max=: 1 lab: '
	assert_line --regexp '^cgroup 67108864 50331648 0::(/lab\.[0-9]+) is (/lab\.[0-9]+)$'
	[[ $output =~ 0::(/lab\.[0-9]+)\ is\ (/lab\.[0-9]+) ]]
	assert_equal "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
	assert_line 'limit max'
	assert_line 'status 9'
	assert_line 'no cgroup: none'
	assert_line 'status 130'
	assert_line 'lab: interrupted'
	assert_line 'nothing runs'
	assert_line --regexp 'the machine takes 300 MB of memory, [0-9]* MB are available here, (4[89].|500) of them to other machines'
	assert_line --regexp '^lab: no kernel headers of .* in /lib/modules/.*/build: install linux-headers-.*, or name KDIR='
	refute_line --partial 'it ran'
}

@test "a parameter that the kernel does not know fails the run before it begins" {
	run -1 --separate-stderr "$LAB" -n -S none -K boot:nosuchknob=3 -- echo it ran
	assert_output ''
	output=$stderr assert_output --partial 'lab: this kernel has no knob boot:nosuchknob'
	evidence
	rm -r "$evidence"
}

@test "a limit of memory that is none fails the run before it begins, with one line" {
	run -1 --separate-stderr "$LAB" -n -S none -K memory.max=lots -o "$results" -- echo it ran
	assert_output ''
	assert_equal "${stderr_lines[0]}" 'lab: this kernel does not take the knob memory.max=lots'
	# and where the evidence is
	assert_equal "${#stderr_lines[@]}" 2
	assert_earlier_results
	evidence
	rm -r "$evidence"
}

@test "a lab that is killed takes its machine with it" {
	start_lab -n -S none -- true
	run="$(readlink "/proc/$machine/cwd")"
	kill -KILL "$lab"
	until_it assert_gone "$machine"
	rm -r "${run:?}"
}
