#!/usr/bin/env bats
# The root of a machine's programs: of which packages or files it is made, when it is refused, and what it is in
# a machine. There, root-guest finds out.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own, with a stderr that bats sets

load helpers
load lib/mirror
load lib/tree

# A mirror that has a shell, a few programs, and no more; and a tree that gets its packages from it.
setup_file() {
	export mirror=$BATS_FILE_TMPDIR/mirror gpg=$BATS_FILE_TMPDIR/gpg tree=$BATS_FILE_TMPDIR/tree
	"$ROOT/experiments/machine/kernel" 2>&3
	"$ROOT/experiments/machine/tools" root 2>&3
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" 2>/dev/null || true
	mkdir -m 700 "$gpg"
	key debian
	make_packages
	publish
	mkdir "$tree"
	cp -r "$ROOT/experiments" "$ROOT/mp3" "$tree"
	lend_build "$tree"
}

teardown_file() { gpgconf --homedir "$gpg" --kill all; }

setup() {
	cd "$tree" || return
	export DEBIAN_MIRROR=copy:$mirror DEBIAN_KEYRING=$gpg/debian.gpg
}

# make_packages - zebra needs ant; sloth, whose programs are set-uid and read-only, needs what is not there
make_packages() {
	local name
	mkdir -p "$mirror/pool" "$BATS_FILE_TMPDIR/deb"
	cd "$BATS_FILE_TMPDIR/deb" || return
	for name in dash coreutils ant zebra sloth; do
		mkdir -p "$name/usr/bin" "$name/usr/share/doc/$name"
		cp "$ROOT/build/tools/amd64/root/bin/echo" "$name/usr/bin/$name"
		echo "$name" > "$name/usr/share/doc/$name/copyright"
	done
	mkdir -m 1777 zebra/tmp
	ln -s zebra zebra/usr/bin/horse
	chmod 4755 zebra/usr/bin/zebra
	chmod 444 ant/usr/share/doc/ant/copyright
	package dash dash 0.5
	package coreutils coreutils 9.1
	package ant ant 1.0
	package zebra zebra 2.0 ant
	package sloth sloth 3.0 nowhere
}

# files_in DIR - a tree for a root, with what a file can be, in the order of the words
files_in() {
	local dir=$1 file
	mkdir -p "$dir"
	for file in "${@:2}"; do
		case $file in
		bin/program) mkdir -p "$dir/bin" && cp "$ROOT/build/tools/amd64/root/bin/echo" "$dir/$file" ;;
		etc/secret) mkdir -p "$dir/etc" && echo secret > "$dir/$file" && chmod 400 "$dir/$file" ;;
		etc/link) mkdir -p "$dir/etc" && ln -s ../bin/program "$dir/$file" ;;
		tmp) mkdir "$dir/tmp" && chmod 1777 "$dir/tmp" ;;
		locked) mkdir "$dir/locked" && echo fast > "$dir/locked/fast" && chmod 555 "$dir/locked" ;;
		setuid) echo '#!/bin/program' > "$dir/setuid" && chmod 4755 "$dir/setuid" ;;
		esac
	done
}

# digest_of OPTION... - of the root's image, as a run has it
digest_of() { experiments/lab --inputs -n -S none "$@" | sed -n 's/^root_sha256	//p'; }

# refused STATUS WORDS ARGUMENT... - in one line, which matches WORDS, and no machine boots; words of what is being made
# may come before it
refused() {
	# the first thing of a machine is that QEMU tells its version, if it is the host's
	run -"$1" env QEMU="$BATS_TEST_TMPDIR/no-qemu" experiments/lab -n "${@:3}"
	assert_line --index $((${#lines[@]} - 1)) --regexp "^(lab|root): $2"
	assert_equal "$(grep -v -c -E '^root: .*(: not pinned, so it is|: [a-z]*ing)' <<< "$output")" 1
	[ ! -e "$BATS_TEST_TMPDIR/booted" ] || fail "it has booted: $output"
}

# no_qemu - a QEMU that says that it was started as a machine
no_qemu() {
	cat > "$BATS_TEST_TMPDIR/no-qemu" <<-END
		#!/bin/sh
		case " \$* " in
		*" -kernel "*) : >"$BATS_TEST_TMPDIR/booted" ;;
		*) echo fake ;;
		esac
	END
	chmod +x "$BATS_TEST_TMPDIR/no-qemu"
}

# elf FILE MACHINE - the head of a program for it, by its number
elf() {
	printf '\177ELF\002\001\001\000\000\000\000\000\000\000\000\000\002\000' > "$1"
	# shellcheck disable=SC2059 # a byte, by its octal number
	printf "\\$(printf %03o "$2")\\000" >> "$1"
	head -c 44 /dev/zero >> "$1"
	chmod 755 "$1"
}

#
# What it is made of
#

@test "packages in whatever order, and one that another needs, are one root, which is made once" {
	one=$(digest_of -p zebra -p ant -- zebra)
	assert_regex "$one" '^[0-9a-f]{64}$'
	run -0 experiments/machine/root amd64 ant zebra ant
	assert_output "$tree/build/roots/ant,zebra"
	assert_equal "$(sha256sum < build/roots/ant,zebra/root.erofs)" "$one  -"
	assert_equal "$(digest_of -p ant -p zebra -- ant)" "$one"
	# what zebra needs is in its root as well
	assert_equal "$(digest_of -p zebra -- ant)" "$one"
	run -0 cut -f 3,4 build/roots/zebra/packages
	assert_output "$(printf '%s\t%s\n' ant 1.0 coreutils 9.1 dash 0.5 zebra 2.0)"
}

@test "a root that is made anew, or by an ordinary user, is the same to the byte" {
	one=$(digest_of -p zebra -- zebra)
	rm -r build/roots/zebra
	sleep 1	# another second in its dates
	assert_equal "$(digest_of -p zebra -- zebra)" "$one"
	[ "$(id -u)" = 0 ] || skip "only root can become somebody else"
	other=$BATS_TEST_TMPDIR/other
	mkdir -p "$other/build"
	cp -r experiments "$other"
	ln -s "$ROOT/build/tools" "$other/build/tools"
	chmod 755 "$BATS_TEST_TMPDIR"
	chmod -R a+rX "$other"
	chmod 777 "$other/build"
	chmod -R a+rX "$mirror"
	cp "$gpg/debian.gpg" "$other/keys"
	chmod 644 "$other/keys"
	(cd "$other" && umask 077 && DEBIAN_KEYRING=$other/keys as_user experiments/machine/root amd64 zebra)
	assert_equal "$(sha256sum < "$other/build/roots/zebra/root.erofs")" "$one  -"
}

@test "a directory and a tar of the same tree are one image, in whatever order its files came" {
	files_in "$BATS_TEST_TMPDIR/one" bin/program etc/secret etc/link tmp locked setuid
	sleep 1
	files_in "$BATS_TEST_TMPDIR/other" setuid locked tmp etc/link bin/program etc/secret
	tar -C "$BATS_TEST_TMPDIR/one" -cf "$BATS_TEST_TMPDIR/one.tar" .
	tar -C "$BATS_TEST_TMPDIR/other" -czf "$BATS_TEST_TMPDIR/other.tar.gz" setuid tmp bin etc locked
	one=$(digest_of -r "$BATS_TEST_TMPDIR/one" -- program)
	assert_regex "$one" '^[0-9a-f]{64}$'
	for place in other one.tar other.tar.gz; do
		assert_equal "$place: $(digest_of -r "$BATS_TEST_TMPDIR/$place" -- program)" "$place: $one"
	done
	# it is no constant
	chmod 755 "$BATS_TEST_TMPDIR/other/etc/secret"
	[ "$(digest_of -r "$BATS_TEST_TMPDIR/other" -- program)" != "$one" ]
	chmod 400 "$BATS_TEST_TMPDIR/other/etc/secret"
	if [ "$(id -u)" = 0 ]; then
		mkdir "$BATS_TEST_TMPDIR/other/dev"
		mkdir "$BATS_TEST_TMPDIR/one/dev"
		mknod "$BATS_TEST_TMPDIR/other/dev/null" c 1 3
		mknod "$BATS_TEST_TMPDIR/other/bin/null" c 1 3
		chown -R 1234 "$BATS_TEST_TMPDIR/other"
		chmod 4755 "$BATS_TEST_TMPDIR/other/setuid"	# chown takes it
		assert_equal "$(digest_of -r "$BATS_TEST_TMPDIR/other" -- program)" "$(digest_of -r "$BATS_TEST_TMPDIR/one" -- program)"
	fi
	# and nothing of a tar stays, whatever modes its directories have
	run -0 ls build/lab
	assert_output ''
}

@test "the default size and model of the root's disk, said or not, are the same machine, others are not" {
	experiments/lab --inputs -n -S none -p ant -- ant > "$BATS_TEST_TMPDIR/one"
	experiments/lab --inputs -n -S none -p ant -K root:ssd:256 -- ant | sed '/^knobs	/d' > "$BATS_TEST_TMPDIR/other"
	run -0 diff <(sed '/^knobs	/d' "$BATS_TEST_TMPDIR/one") "$BATS_TEST_TMPDIR/other"
	run -0 grep -c -x "$(printf 'root\tant\|root_disk\tssd\|scratch_mb\t256\|root_options\tndelay=100000 max_queue=32 sector_size=4096')" "$BATS_TEST_TMPDIR/one"
	assert_output 4
	experiments/lab --inputs -n -S none -p ant -K root:disk -- ant > "$BATS_TEST_TMPDIR/other"
	run -1 diff "$BATS_TEST_TMPDIR"/{one,other}
	assert_line --regexp '^> initramfs_sha256'
}

#
# What is refused
#

@test "packages that are none are one line, and leave nothing" {
	no_qemu
	refused 1 'cannot get root:sloth2 from bookworm: E: Unable to locate package sloth2' -S none -p sloth2 -- true
	refused 1 'cannot get root:sloth from bookworm: E: ' -S none -p sloth -- true
	for name in Ant 'ant zebra;' ../ant -x 'ant@arm64'; do
		refused 1 "no name of a package: " -S none -p "$name" -- true
	done
	refused 2 "-p names no package" -S none -p '' -- true
	refused 2 "-r names no directory and no tar" -S none -r '' -- true
	run -0 find build/roots -maxdepth 1 -name '*sloth*'
	assert_output ''
}

@test "a root that cannot be is one line of usage" {
	no_qemu
	refused 2 'a root is of packages \(-p\), or your own \(-r\)' -S none -p ant -r /tmp -- true
	refused 2 'a host has a root already' -m host -p ant -- true
	refused 2 'no model of a disk: root:zram' -S none -p ant -K root:zram -- true
	refused 2 'no model of a disk: root:none' -S none -p ant -K root:none -- true
	refused 2 'no model of a disk: root:floppy' -S none -p ant -K root:floppy -- true
	refused 2 'no model of a disk: root:swap' -S none -p ant -K root:swap -- true
	refused 2 'no model of a disk: root:swap' -S zram -p ant -K root:swap -- true
	refused 2 "there is no root on a disk, which -p or -r would make: root:ssd" -S none -K root:ssd -- true
	refused 2 "less than 16 MB of the root's disk can be written to" -S none -p ant -K root:ssd:15 -- true
	refused 2 "the size of what the root's disk is written to is not a number: lots" -S none -p ant -K root:ssd:lots -- true
	refused 2 'time:10s is not a number: 10s' -S none -K time:10s -- true
	refused 2 'not a knob: time:0' -S none -K time:0 -- true
	refused 2 'not on a host: time:10' -m host -K time:10 -- true
}

@test "a directory that is not there, or that is no tar, is one line" {
	no_qemu
	echo nothing > "$BATS_TEST_TMPDIR/text"
	refused 1 'no directory and no tar: /nonexistent' -S none -r /nonexistent -- true
	refused 1 "cannot unpack $BATS_TEST_TMPDIR/text: tar: " -S none -r "$BATS_TEST_TMPDIR/text" -- true
	mkdir "$BATS_TEST_TMPDIR/with blank"
	refused 1 "$BATS_TEST_TMPDIR/with blank: make, ld or QEMU cannot take this path" -S none -r "$BATS_TEST_TMPDIR/with blank" -- true
}

@test "a file that may not be read is named" {
	files_in "$BATS_TEST_TMPDIR/one" bin/program etc/secret
	chmod 000 "$BATS_TEST_TMPDIR/one/etc/secret"
	chmod 755 "$BATS_TEST_TMPDIR"
	mkdir -m 777 "$BATS_TEST_TMPDIR/into"
	as_user test ! -r "$BATS_TEST_TMPDIR/one/etc/secret"
	as_user test -r "$tree/experiments/machine/root"
	run -1 as_user experiments/machine/root amd64 -r "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/into"
	assert_output "root: cannot read $BATS_TEST_TMPDIR/one/etc/secret"
	run -0 ls "$BATS_TEST_TMPDIR/into"
	assert_output ''
}

@test "a program that the root has not, or that is another machine's, is one line" {
	no_qemu
	refused 1 'the root has no program nonesuch \(its packages: ant\)' -S none -p ant -- nonesuch
	# what the host has
	refused 1 'the root has no program grep \(its packages: ant\)' -S none -p ant -- grep
	refused 1 'the root has no /bin/nonesuch' -S none -p ant -- /bin/nonesuch
	refused 1 "there is no ./nonesuch beside the machine's tools: name it with -f" -S none -p ant -- ./nonesuch
	files_in "$BATS_TEST_TMPDIR/one" bin/program etc/link
	for machine in 183 40 243; do	# arm64, arm, RISC-V
		elf "$BATS_TEST_TMPDIR/one/bin/foreign" $machine
		refused 1 'foreign is no program for amd64, which the machine is' -S none -r "$BATS_TEST_TMPDIR/one" -- foreign
		refused 1 'foreign is no program for amd64, which the machine is' -S none -f "$BATS_TEST_TMPDIR/one/bin/foreign" -- true
	done
	refused 1 'the root has no program nonesuch$' -S none -r "$BATS_TEST_TMPDIR/one" -- nonesuch
	# and these are there
	echo '#!/bin/program' > "$BATS_TEST_TMPDIR/script"
	for program in program /bin/program /etc/link ./work ./script monitor; do
		run -0 experiments/lab --dry-run -n -S none -f "$BATS_TEST_TMPDIR/script" -r "$BATS_TEST_TMPDIR/one" -- $program
	done
	for program in horse /bin/horse /usr/bin/zebra; do
		run -0 experiments/lab --dry-run -n -S none -p zebra -- $program
	done
}

@test "a root that is too large for the machine, or for the host, is one line" {
	no_qemu
	files_in "$BATS_TEST_TMPDIR/one" bin/program
	head -c 20000000 /dev/zero > "$BATS_TEST_TMPDIR/one/zeros"
	refused 1 'the root has 20 MB: .* must have 64 MB more than that, and has 64 MB' -M 64 -S none -r "$BATS_TEST_TMPDIR/one" -- program
	# beside a swap store it has room
	run -0 experiments/lab --dry-run -n -M 64 -S disk:64 -r "$BATS_TEST_TMPDIR/one" -- program
	# a df that sees a full disk
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho h; echo / 9 9 9 100%% /\n' > "$BATS_TEST_TMPDIR/bin/df"
	chmod +x "$BATS_TEST_TMPDIR/bin/df"
	rm -rf build/roots/coreutils
	PATH=$BATS_TEST_TMPDIR/bin:$PATH refused 1 "needs 1024 MB of disk below $tree/build, 0 MB are free" -S none -p coreutils -- coreutils
	run -0 find build/roots -maxdepth 1 -name 'coreutils*' ! -name coreutils.tsv
	assert_output ''
	refused 75 'the machine takes .* of memory' -M 99999999 -S none -p ant -- ant
}

@test "make pin writes down the packages of a root, and leaves all others as they are" {
	other=$BATS_TEST_TMPDIR/tree
	mkdir "$other"
	cp -r "$ROOT"/{Makefile,experiments,mp3,plots} "$other"
	lend_build "$other"
	cd "$other"
	table=experiments/machine/pinned.tsv
	cp $table before
	make -s pin PACKAGES='zebra ant zebra'
	run -1 diff before $table
	assert_equal "$(grep -c '^[0-9,]*[acd][0-9,]*$' <<< "$output")" 1
	assert_equal "$(sed -n 's/^> //p' <<< "$output" | cut -f 1-6)" "$(
		printf 'root:ant,zebra\tbookworm\t%s\t%s\tamd64\t%s\n' ant 1.0 "$(digest ant)" coreutils 9.1 "$(digest coreutils)" \
			dash 0.5 "$(digest dash)" zebra 2.0 "$(digest zebra)")"
	make -s pin PACKAGES=ant
	run -0 grep -c '^root:ant' $table
	assert_output 7	# four, and dash, coreutils and ant
	# the mirror has another one now, and the table's stays, until that is asked for
	cp -r "$mirror" "$BATS_TEST_TMPDIR/mirror"
	mirror=$BATS_TEST_TMPDIR/mirror DEBIAN_MIRROR=copy:$BATS_TEST_TMPDIR/mirror
	cp -r "$BATS_FILE_TMPDIR/deb/ant" "$BATS_TEST_TMPDIR/ant"
	package "$BATS_TEST_TMPDIR/ant" ant 1.1
	publish
	run -1 experiments/machine/root amd64 ant
	assert_line --partial 'bookworm has ant 1.1 and not 1.0'
	cp $table before
	make -s pin PACKAGES=ant
	run -1 diff before $table
	assert_equal "$(sed -n 's/^[<>] //p' <<< "$output" | cut -f 1,3,4)" "$(printf 'root:ant\tant\t%s\n' 1.0 1.1)"
	run -0 experiments/machine/root amd64 ant
	run -0 cut -f 3,4 build/roots/ant/packages
	assert_line "$(printf 'ant\t1.1')"
	cp $table before
	run -2 experiments/machine/pin root: sloth
	run -1 experiments/machine/pin root:sloth
	assert_line --index $((${#lines[@]} - 1)) --regexp '^pin: cannot get root:sloth from bookworm: '
	cmp before $table
}

#
# What it is in a machine
#

# seen NAME - what root-guest has seen in this one, which boots when the first test asks for it: its root and its
# swap store lie on two disks ("limited"), or on one ("shared")
seen() {
	local swap=ssd:64 disk=swap:32
	[ "$1" != limited ] || swap=disk:64 disk=disk:32
	seen=$BATS_FILE_TMPDIR/$1
	unset DEBIAN_MIRROR DEBIAN_KEYRING
	[ -e "$seen" ] || "$ROOT/experiments/lab" -p coreutils -M 128 -S $swap -K root:$disk -K memory.max=16M -o "$seen" \
		-f "$ROOT/bats/root-guest" -f "$(program root-faults)" -- sh ./root-guest "${1%.*}" >&2
	cd "$seen" || return
}

# number FILE NAME [COLUMN] - of its line there
number() { awk -v name="$2" -v column="${3:-2}" '$1 == name { print $column }' "$1"; }

# assert_between LOW VALUE HIGH WHAT
assert_between() { (($1 <= $2 && $2 <= $3)) || fail "$4: expected $1 to $3, got $2"; }

# bats test_tags=guest
@test "nothing of a root's files is in memory when the command begins" {
	for machine in limited shared; do
		seen $machine
		assert_equal "$(($(cat size) / 4096))" 248
		assert_equal "$(number passes resident)" 0
	done
}

# bats test_tags=guest
@test "a page of a root's file is a major fault at its first touch, none at the second, and one when it was dropped" {
	for machine in limited shared; do
		seen $machine
		assert_equal "$machine: $(for pass in first second dropped; do number passes $pass; done | paste -sd ' ')" "$machine: 248 0 248"
	done
}

# The model's time is 0.5 ms a request, or 0.1; the kernel's own is some 20 us of an emulated CPU. What the
# disk had answered at once would take a twentieth, two at a time a half, and two requests a page twice as long.
# bats test_tags=guest
@test "a major fault of a file takes the time of the disk's model" {
	seen limited
	for pass in first dropped; do
		assert_between $((248 * 500000)) "$(number passes $pass 3)" $((248 * 600000)) "ns of $pass, on a disk"
		[ "$(number passes second 3)" -lt $((248 * 5000)) ]
	done
	seen shared
	for pass in first dropped; do
		assert_between $((248 * 100000)) "$(number passes $pass 3)" $((248 * 150000)) "ns of $pass, on an ssd"
	done
}

# Of 16 MB of a file and 16 MB of memory of one's own, touched in turn in 16 MB, each page has been evicted when it
# is touched again. A page of a swap store is read with up to 7 neighbours; one that is on its way is waited for,
# which is a major fault by getrusage(2), but not by the kernel's counter.
# bats test_tags=guest
@test "major faults are of files and of anonymous pages, which pages swapped in and read ahead tell apart" {
	seen limited
	# as tables/summary.c splits them
	swapped=$(($(number both.0 pswpin) - $(number both.0 swap_ra)))
	assert_equal "$(number both.0 swap_ra)" 0
	assert_equal "$(number both.0 own)" "$swapped"
	assert_equal "$(number both.0 file)" $(($(number both.0 pgmajfault) - swapped))
	assert_between 3900 "$(number both.0 own)" 4096 "major faults of own pages"
	assert_between 3900 "$(number both.0 file)" 4096 "major faults of the file"

	swapped=$(($(number both.3 pswpin) - $(number both.3 swap_ra)))
	assert_equal "$(number both.3 file)" $(($(number both.3 pgmajfault) - swapped))
	assert_between "$swapped" "$(number both.3 own)" $((swapped + swapped / 50)) "major faults of own pages, with readahead"
	# eight pages a time
	assert_between 3900 "$(number both.3 pswpin)" 4200 "pages swapped in"
	assert_between $((3900 / 8)) "$swapped" $((4200 / 6)) "major faults of own pages, with readahead"
}

# bats test_tags=guest
@test "pages of a file that come back are refaults" {
	seen limited
	for cluster in 0 3; do
		file=$(number both.$cluster file)
		assert_between $((file * 95 / 100)) "$(number both.$cluster workingset_refault_file)" $((file + 100)) "refaults"
	done
}

# Of 32 MB, ext2 keeps some for itself.
# bats test_tags=guest
@test "what is written goes to a part of the disk of its own, and to no more than that" {
	for machine in limited shared; do
		seen $machine
		assert_between $((30 << 20)) "$(cat df)" $((32 << 20)) "the disk's size"
		run -0 cat large.said
		assert_output --partial 'No space left on device'
		assert_line 'status 1'
		assert_between $((28 << 20)) "$(cat large)" "$(cat df)" "bytes written"
		run -0 cat programs
		assert_line --index 0 new
		assert_line new
		refute_line 'true'
		assert_line false
	done
}

# bats test_tags=guest
@test "the root is read only below what is written, and is a disk of its own" {
	seen limited
	run -0 cat mounts
	assert_line --regexp '^/dev/nullb0p1 /run/root erofs ro,'
	assert_line --regexp '^/dev/nullb0p2 /run/scratch ext4 rw,'
	assert_line --regexp '^overlay /disk overlay rw,.*lowerdir=/run/root,'
	run -0 awk 'NR > 1 { print $1, $2, int(($3 + 1023) / 1024) }' swaps
	assert_output '/dev/sda partition 64'
}

# bats test_tags=guest
@test "of root:swap, the swap store, the root and what is written are one disk" {
	seen shared
	run -0 awk 'NR > 1 { print $1, $2, int(($3 + 1023) / 1024) }' swaps
	assert_output '/dev/sda1 partition 64'
	run -0 cat mounts
	assert_line --regexp '^/dev/sda2 /run/root erofs ro,'
	assert_line --regexp '^/dev/sda3 /run/scratch ext4 rw,'
	refute_output --partial nullb
}

# bats test_tags=guest
@test "in the root there are the loopback, the tools, the module and the command's control group" {
	seen shared
	run -0 cat loopback
	assert_output 'x arrived'
	run -0 cat limit
	assert_output $((16 << 20))
	run -0 cat there
	assert_line --index 0 /mp3
	assert_line --index 1 0
	assert_line --index 2 cut	# which it is: not the busybox of outside
	for name in bin usr proc dev out tmp root-guest work monitor multiprogramming.sh progress; do assert_line $name; done
	# what it counted lies between what the process said before and after, and is of that process
	run -0 awk -F '\t' 'FNR == NR { for (n = split($0, word, " "); n; n--) if (split(word[n], is, "=") == 2) said[is[1]] = is[2]; next }
		FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$at["pid"] == said["pid"] { n++; minor += $at["minor"]; major += $at["major"]; command = $at["command"] }
		END { print n ? command : "none"; exit !(minor >= said["minor"] && minor <= said["minor_max"] && major <= said["major_max"]) }' work records
	assert_output work
}

# bats test_tags=guest
@test "a run with a root repeats itself to the byte" {
	seen shared
	seen shared.again
	run -0 diff -r "$BATS_FILE_TMPDIR"/shared{,.again}
}
