#!/usr/bin/env bats
# What a run is made of comes whole from its mirror, in the versions of pinned.tsv, or not at all. The
# mirror is one of our own, with packages that have all which is looked for in a kernel's, and are none.

load helpers
load lib/mirror

KERNEL_PACKAGE=linux-image-6.1.0-0-cloud-amd64

setup_file() {
	"$ROOT/experiments/machine/tools" amd64 2>&3
	export mirror=$BATS_FILE_TMPDIR/mirror gpg=$BATS_FILE_TMPDIR/gpg
	mkdir -m 700 "$gpg"
	key debian
	key other
	make_packages
	publish
	cp -r "$mirror" "$BATS_FILE_TMPDIR/mirror.whole"
	mkdir -p "$BATS_FILE_TMPDIR/tree/experiments"
	cd "$BATS_FILE_TMPDIR/tree" || return
	cp -r "$ROOT"/experiments/{environment,machine} experiments
	# but for its kernel, the table is the real one: so the tools that are here are of it
	DEBIAN_MIRROR=copy:$mirror DEBIAN_KEYRING=$gpg/debian.gpg experiments/machine/pin 6.1
}

teardown_file() { gpgconf --homedir "$gpg" --kill all; }

# a tree and a mirror for each test
setup() {
	mirror=$BATS_TEST_TMPDIR/mirror
	cp -r "$BATS_FILE_TMPDIR/mirror.whole" "$mirror"
	cp -r "$BATS_FILE_TMPDIR/tree" "$BATS_TEST_TMPDIR/tree"
	cd "$BATS_TEST_TMPDIR/tree" || return
	rm -rf build
	mkdir build
	ln -s "$ROOT/build/tools" build/tools
	cp experiments/machine/pinned.tsv "$BATS_TEST_TMPDIR/table"
	export DEBIAN_MIRROR=copy:$mirror DEBIAN_KEYRING=$gpg/debian.gpg
	shims=$BATS_TEST_TMPDIR/shims
	mkdir "$shims"
}

# image VERSION - the kernel's package; no two are the same
image() {
	local tree=$BATS_TEST_TMPDIR/image release=${KERNEL_PACKAGE#linux-image-}
	mkdir -p "$tree/boot" "$tree/lib/modules/$release"
	head -c 300000 /dev/urandom > "$tree/boot/vmlinuz-$release"
	touch "$tree/lib/modules/$release"/modules.{order,builtin,builtin.modinfo}
	package "$tree" "$KERNEL_PACKAGE" "$1"
}

# make_packages - a kernel's; its build has a program, which the libraries beside it are for
make_packages() {
	local release=${KERNEL_PACKAGE#linux-image-} packages=$ROOT/build/tools/amd64/root name BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
	mkdir -p "$mirror/pool" "$BATS_FILE_TMPDIR/deb"
	image 6.1.0-0
	cd "$BATS_FILE_TMPDIR/deb" || return
	mkdir -p "headers/usr/src/linux-headers-$release" kbuild/usr/lib/linux-kbuild-6.1/scripts/mod libc6/lib/x86_64-linux-gnu
	echo 'include /usr/src/linux-headers-6.1.0-0-common/Makefile' > "headers/usr/src/linux-headers-$release/Makefile"
	# shellcheck disable=SC2016 # make's notation
	echo 'override CC = $(CROSS_COMPILE)gcc-12' > "headers/usr/src/linux-headers-$release/.kernelvariables"
	cp "$packages/bin/echo" kbuild/usr/lib/linux-kbuild-6.1/scripts/mod/modpost
	cp -L "$packages"/lib/x86_64-linux-gnu/{ld-linux-x86-64.so.2,libc.so.6} libc6/lib/x86_64-linux-gnu
	package headers "linux-headers-$release" 6.1.0-0 linux-kbuild-6.1
	package kbuild linux-kbuild-6.1 6.1.0-0
	for name in image headers; do
		package "all-$name" "linux-$name-cloud-amd64" 6.1.0-0 "linux-$name-$release"
	done
	package libc6 libc6 2.36-0
	for name in zlib1g libzstd1 libelf1; do
		package "$name" "$name" 0-1
	done
}

# fails WORDS - the kernel is not there, for a reason of one line, which matches WORDS
fails() {
	run -1 experiments/machine/kernel
	assert_line --index $((${#lines[@]} - 1)) --regexp "^kernel: $1"
	assert_equal "$(grep -v -c '^kernel: 6.1: [a-z]*ing ' <<< "$output")" 1
	nothing_there
}

nothing_there() { assert_equal "$(ls build/kernel)" ""; }

# succeeds VERSION
succeeds() {
	run -0 experiments/machine/kernel
	assert_line "kernel: 6.1: $KERNEL_PACKAGE $1 is in build/kernel/6.1"
	dpkg-deb --fsys-tarfile "$mirror/pool/${KERNEL_PACKAGE}_$1_amd64.deb" | tar -x -O "./boot/vmlinuz-${KERNEL_PACKAGE#linux-image-}" |
		cmp - build/kernel/6.1/vmlinuz
	assert_equal "$(ls build/kernel)" 6.1
}

# unpack_kernel - until it begins with the image; sets pid
unpack_kernel() {
	: > "$shims/wait"
	PATH=$shims:$PATH setsid experiments/machine/kernel > said 2>&1 3>&- &
	pid=$!
	until [ -e "$shims/waiting" ]; do
		kill -0 $pid || fail "it never unpacked: $(cat said)"
		sleep 0.05
	done
	rm "$shims/waiting"
}

@test "each kernel has an architecture that is known, and comes from Debian's packages of it" {
	run -0 awk -F '\t' '/^#/ { next } NF != 4 { print "columns: " $0 } $1 == "version" { next }
		$4 !~ /^(amd64|arm64)$/ || $3 !~ "^linux-source-" && $3 !~ "(^|-)" $4 "(-|$)" { print }' \
		"$ROOT/experiments/machine/kernels.tsv"
	assert_output ""
}

@test "what is pinned is a package, a version and a digest, once, for each set and each kernel" {
	cd "$ROOT/experiments/machine"
	run -0 awk -F '\t' '
		/^#/ || FNR == 1 || $1 == "set" || $1 == "version" { if (FILENAME != "pinned.tsv" || /^#/ || FNR == 2) next }
		FILENAME != "pinned.tsv" { suite[$1] = $2; next }
		NF != 6 { print "columns: " $0 }
		# packages of a root are a set of their own
		$1 ~ /^root:[a-z0-9.+,-]+(@arm64)?$/ { suite[$1] = "bookworm" }
		!($1 in suite) { print "no such set: " $0 }
		$2 != suite[$1] { print "of another suite than its set: " $0 }
		$3 !~ /^[a-z0-9][a-z0-9.+-]+$/ || $4 !~ /^[0-9][A-Za-z0-9.+:~-]*$/ { print "no package and version: " $0 }
		$5 !~ /^(amd64|arm64|all)$/ { print "architecture: " $0 }
		$6 !~ /^[0-9a-f]+$/ || length($6) != 64 { print "no digest: " $0 }
		$6 in of && of[$6] != $3 $4 $5 || ($3 $4 $5) in is && is[$3 $4 $5] != $6 { print "two digests: " $0 }
		seen[$1, $3, $5]++ { print "twice: " $0 }
		{ rows[$1]++; of[$6] = $3 $4 $5; is[$3 $4 $5] = $6 }
		END { for (set in suite) if (!rows[set]) print "not pinned: " set }' sets.tsv kernels.tsv pinned.tsv
	assert_output ""
}

@test "a set of tools that is not known is a line of usage" {
	for word in abacus 6.1 ''; do
		run -2 experiments/machine/tools "$word"
		assert_output "usage: experiments/machine/tools SET, one of: amd64 arm64 bench root"
	done
	run -2 experiments/machine/tools
}

@test "a kernel whose download is cut short, or is not what it should be, is not there, and the next time it is" {
	cat > "$shims/dpkg-deb" <<-'END'
		#!/bin/sh
		shims=${0%/*}
		case "$*" in
		"--fsys-tarfile "*linux-image*)
			: > "$shims/waiting"
			while [ -e "$shims/wait" ]; do sleep 0.05; done
			;;
		esac
		PATH=${PATH#"$shims:"} exec dpkg-deb "$@"
	END
	chmod 755 "$shims/dpkg-deb"

	deb=$mirror/pool/${KERNEL_PACKAGE}_6.1.0-0_amd64.deb
	cp "$deb" "$BATS_TEST_TMPDIR/whole.deb"
	truncate -s -1000 "$deb"
	fails 'cannot get 6.1 from bookworm: E: .*linux-image-6'

	# as long, with other bytes at its end
	head -c 1000 /dev/zero >> "$deb"
	fails 'cannot get 6.1 from bookworm: E: .*linux-image-6'

	# cut short where nothing else sees it: between the download and the unpacking
	cp "$BATS_TEST_TMPDIR/whole.deb" "$deb"
	unpack_kernel
	deb=$(echo build/kernel/6.1.new/deb/linux-image-6*.deb)
	head -c 100000 "$deb" > half	# this one, not what it may be a link to
	mv half "$deb"
	rm "$shims/wait"
	! wait $pid || fail "it succeeded"
	run -0 tail -n 1 said
	assert_output --regexp '^kernel: cannot unpack linux-image-6.*deb$'
	nothing_there

	unpack_kernel
	kill -KILL -- -$pid
	while pgrep -g $pid > /dev/null; do sleep 0.05; done
	assert [ ! -e build/kernel/6.1 ]

	succeeds 6.1.0-0
	# what its build runs finds its own libraries, wherever the tree lies
	mv build/kernel "$BATS_TEST_TMPDIR/moved"
	run -0 "$BATS_TEST_TMPDIR/moved/6.1/usr/lib/linux-kbuild-6.1/scripts/mod/modpost" a b
	assert_output "a b"
}

@test "a kernel that is there is made anew when the table has other packages, and only then" {
	succeeds 6.1.0-0
	rm -r "$mirror"	# it is not asked again
	run -0 experiments/machine/kernel
	assert_output ""
	cp -r "$BATS_FILE_TMPDIR/mirror.whole" "$mirror"
	image 6.1.0-1
	publish
	experiments/machine/pin 6.1
	succeeds 6.1.0-1
}

@test "a mirror with another version than the table is one line, with the remedies, and one is to move the table" {
	image 6.1.0-1
	publish
	fails "cannot get 6.1 from bookworm: bookworm has $KERNEL_PACKAGE 6.1.0-1 and not 6.1.0-0,.* DEBIAN_MIRROR .*capsule.*make pin"

	# as when a kernel's ABI gets another number
	rm "$mirror/pool/$KERNEL_PACKAGE"_*
	publish
	fails "cannot get 6.1 from bookworm: bookworm has $KERNEL_PACKAGE no more and not 6.1.0-0,.* DEBIAN_MIRROR .*capsule.*make pin"

	image 6.1.0-2
	publish
	run -0 experiments/machine/pin 6.1
	assert_line --regexp "^< 6.1	$KERNEL_PACKAGE	6.1.0-0$"
	assert_line --regexp "^> 6.1	$KERNEL_PACKAGE	6.1.0-2$"
	succeeds 6.1.0-2
}

@test "a package of the same version and other bytes is refused, whatever its mirror says" {
	image 6.1.0-0
	publish
	fails "cannot get 6.1 from bookworm: not what experiments/machine/pinned.tsv has: ${KERNEL_PACKAGE}_6.1.0-0_amd64.deb: FAILED"
}

@test "a dated archive is past its date, and must be signed all the same" {
	publish "Valid-Until: Sat, 01 Jan 2000 00:00:00 UTC"
	# as this host's own mirror, where its clock can be believed
	cat > "$shims/apt-get" <<-END
		#!/bin/sh
		PATH=\${PATH#"$shims:"}
		[ "\$1" != indextargets ] || exec echo "Debian copy:$mirror"
		exec apt-get -o Acquire::Check-Date=true "\$@"
	END
	chmod 755 "$shims/apt-get"
	PATH=$shims:$PATH DEBIAN_MIRROR='' fails 'cannot get 6.1 from bookworm: E: Release file .*(expired|not valid)'

	SIGNER=other publish
	fails 'cannot get 6.1 from bookworm: [EW]: .*(NO_PUBKEY|signature|not signed)'
	publish
	sed -i 's/^Origin: Debian/Origin: Nobody/' "$mirror/dists/bookworm/InRelease"
	fails 'cannot get 6.1 from bookworm: [EW]: .*(BADSIG|signature|not signed)'

	publish "Valid-Until: Sat, 01 Jan 2000 00:00:00 UTC"
	succeeds 6.1.0-0
}

@test "pin writes what the mirror has of a set, and leaves the others as they are" {
	run -0 awk -F '\t' '$1 == "6.1" { print $3, $4, $5, $6 }' experiments/machine/pinned.tsv
	assert_output - <<-END
		libc6 2.36-0 amd64 $(digest libc6)
		libelf1 0-1 amd64 $(digest libelf1)
		libzstd1 0-1 amd64 $(digest libzstd1)
		linux-headers-6.1.0-0-cloud-amd64 6.1.0-0 amd64 $(digest linux-headers-6.1.0-0-cloud-amd64)
		$KERNEL_PACKAGE 6.1.0-0 amd64 $(digest "$KERNEL_PACKAGE")
		linux-kbuild-6.1 6.1.0-0 amd64 $(digest linux-kbuild-6.1)
		zlib1g 0-1 amd64 $(digest zlib1g)
	END
	others() { grep -v '^6.1	' "$1/experiments/machine/pinned.tsv"; }
	run -0 diff <(others "$ROOT") <(others .)
	run -0 experiments/machine/pin 6.1
	assert_output --partial "nothing has moved"
	cmp experiments/machine/pinned.tsv "$BATS_TEST_TMPDIR/table"
}

@test "a pin that fails, or is ended, leaves the table as it was, and nothing else" {
	# as_it_was - the table, and that there is no other
	as_it_was() {
		cmp experiments/machine/pinned.tsv "$BATS_TEST_TMPDIR/table"
		assert_equal "$(ls experiments/machine/pinned*)" experiments/machine/pinned.tsv
	}
	run -2 experiments/machine/pin 6.1 abacus
	assert_output --regexp '^pin: no such set: abacus \(there are: amd64 .* 6.1 .*\)$'
	as_it_was

	# the mirror has no metapackage, one of the libraries is missing, or a package that another needs
	for gone in linux-image-cloud-amd64 "$KERNEL_PACKAGE" linux-kbuild-6.1 libelf1 zlib1g; do
		mv "$mirror/pool/$gone"_*.deb "$BATS_TEST_TMPDIR"
		publish
		echo "without $gone"
		run -1 experiments/machine/pin 6.1
		assert_line --index $((${#lines[@]} - 1)) --regexp "^pin: cannot get 6.1 from bookworm: "
		as_it_was
		mv "$BATS_TEST_TMPDIR/$gone"_*.deb "$mirror/pool"
	done
	publish

	# its second set is from a suite that the mirror has not
	run -1 experiments/machine/pin 6.1 7.3
	assert_line --index $((${#lines[@]} - 1)) --regexp "^pin: cannot get 7.3 from trixie-backports: "
	as_it_was

	printf '#!/bin/sh\n: > "%s/waiting"; exec sleep 1000\n' "$shims" > "$shims/apt-cache"
	chmod 755 "$shims/apt-cache"
	PATH=$shims:$PATH setsid experiments/machine/pin 6.1 3>&- &
	pid=$!
	until_it [ -e "$shims/waiting" ]
	kill -TERM -- -$pid
	! wait $pid || fail "it succeeded"
	as_it_was
}
