#!/usr/bin/env bats
# The guest's kernel comes whole from its mirror, or not at all. The mirror is one of our own,
# with packages that have all which is looked for, and are no kernel.

load helpers

# make_mirror DIR - a mirror of a Debian with a kernel that has all which is looked for, and
# is none
make_mirror() {
	local release=6.1.0-0-cloud-amd64 packages=$1/dists/bookworm/main/binary-amd64 gpg
	mkdir -p "$1/pool" "$packages" "$BATS_TEST_TMPDIR/deb"
	(
		cd "$BATS_TEST_TMPDIR/deb" || exit
		mkdir -p image/boot "image/lib/modules/$release" "headers/usr/src/linux-headers-$release"
		head -c 300000 /dev/urandom > "image/boot/vmlinuz-$release"
		touch "image/lib/modules/$release"/modules.{order,builtin}
		echo 'include /usr/src/linux-headers-6.1.0-0-common/Makefile' > "headers/usr/src/linux-headers-$release/Makefile"
		echo 'override CC = $(CROSS_COMPILE)gcc-12' > "headers/usr/src/linux-headers-$release/.kernelvariables"
		for kind in image headers; do
			mkdir "all-$kind"
			package "$kind" "linux-$kind-$release"
			package "all-$kind" "linux-$kind-cloud-amd64" "linux-$kind-$release"
		done
	)
	for deb in "$1"/pool/*; do
		dpkg-deb -f "$deb"
		echo "Filename: pool/${deb##*/}"
		echo "Size: $(stat -c %s "$deb")"
		echo "SHA256: $(sha256sum "$deb" | cut -d ' ' -f 1)"
		echo
	done > "$packages/Packages"
	{
		echo "Origin: Debian"
		echo "Suite: oldstable"
		echo "Codename: bookworm"
		echo "Architectures: amd64"
		echo "Components: main"
		echo "Date: $(date -u -R)"
		echo "SHA256:"
		echo " $(sha256sum "$packages/Packages" | cut -d ' ' -f 1) $(stat -c %s "$packages/Packages") main/binary-amd64/Packages"
	} > "$BATS_TEST_TMPDIR/Release"
	gpg=(gpg --homedir "$BATS_TEST_TMPDIR/gpg" --batch --quiet --passphrase '')
	mkdir -m 700 "$BATS_TEST_TMPDIR/gpg"
	"${gpg[@]}" --quick-gen-key nobody@example.org ed25519 sign never
	"${gpg[@]}" --export > "$BATS_TEST_TMPDIR/keys.gpg"
	"${gpg[@]}" --clearsign -o "$1/dists/bookworm/InRelease" "$BATS_TEST_TMPDIR/Release"
	gpgconf --homedir "$BATS_TEST_TMPDIR/gpg" --kill all
}

# package DIR NAME [DEPENDENCY] - of what is in DIR
package() {
	mkdir "$1/DEBIAN"
	printf '%s\n' "Package: $2" "Version: 6.1.0-0" "Architecture: amd64" \
		"Maintainer: nobody <nobody@example.org>" "${3:+Depends: $3}" "Description: none" |
		grep . > "$1/DEBIAN/control"
	dpkg-deb --root-owner-group -b "$1" "$mirror/pool/$2_6.1.0-0_amd64.deb" > /dev/null
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

@test "a guest's programs are fetched for another architecture than the host's alone" {
	for architecture in amd64 abacus; do
		run -2 "$ROOT/experiments/machine/kernel" --tools $architecture
		assert_output "kernel: there are no other programs for $architecture than the host's"
	done
}

@test "a kernel whose download is cut short, or is not what it should be, is not there, and the next time it is" {
	mirror=$BATS_TEST_TMPDIR/mirror
	make_mirror "$mirror"
	mkdir -p "$BATS_TEST_TMPDIR/tree/experiments"
	cd "$BATS_TEST_TMPDIR/tree"
	cp -r "$ROOT"/experiments/{environment,machine} experiments
	shims=$BATS_TEST_TMPDIR/shims
	mkdir "$shims"
	cat > "$shims/dpkg-deb" <<-'END'
		#!/bin/sh
		shims=${0%/*}
		case "$*" in
		"-x "*linux-image*)
			: > "$shims/waiting"
			while [ -e "$shims/wait" ]; do sleep 0.05; done
			;;
		esac
		PATH=${PATH#"$shims:"} exec dpkg-deb "$@"
	END
	chmod 755 "$shims/dpkg-deb"
	export DEBIAN_MIRROR=copy:$mirror DEBIAN_KEYRING=$BATS_TEST_TMPDIR/keys.gpg

	deb=$(echo "$mirror"/pool/linux-image-6*.deb)
	cp "$deb" "$BATS_TEST_TMPDIR/whole.deb"
	truncate -s -1000 "$deb"
	run -1 experiments/machine/kernel
	assert_line --regexp '^kernel: cannot get 6.1 from bookworm: E: .*linux-image-6'
	assert_equal "$(ls build/kernel)" "$(printf '%s\n' apt lock)"

	# as long, with other bytes at its end
	head -c 1000 /dev/zero >> "$deb"
	run -1 experiments/machine/kernel
	assert_line --regexp '^kernel: cannot get 6.1 from bookworm: E: .*linux-image-6'
	assert_equal "$(ls build/kernel)" "$(printf '%s\n' apt lock)"

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
	assert_equal "$(ls build/kernel)" "$(printf '%s\n' apt lock)"

	unpack_kernel
	kill -KILL -- -$pid
	while pgrep -g $pid > /dev/null; do sleep 0.05; done
	assert [ ! -e build/kernel/6.1 ]

	run -0 experiments/machine/kernel
	assert_line "kernel: 6.1: linux-image-6.1.0-0-cloud-amd64 6.1.0-0 is in build/kernel/6.1"
	dpkg-deb --fsys-tarfile "$BATS_TEST_TMPDIR/whole.deb" | tar -x -O ./boot/vmlinuz-6.1.0-0-cloud-amd64 |
		cmp - build/kernel/6.1/vmlinuz
	assert_equal "$(ls build/kernel)" "$(printf '%s\n' 6.1 apt lock)"
}
