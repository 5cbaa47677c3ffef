# shellcheck shell=bash disable=SC2154 # who loads it sets $mirror and $gpg
# A mirror of our own, with packages that tests make, for what gets its packages from one.
#
# Needs $mirror, a directory, and $gpg, one for keys; who ends: gpgconf --homedir "$gpg" --kill all.

# key NAME - who signs, and its keyring
key() {
	gpg --homedir "$gpg" --batch --quiet --passphrase '' --quick-gen-key "$1@example.org" ed25519 sign never
	gpg --homedir "$gpg" --batch --quiet --export "$1@example.org" > "$gpg/$1.gpg"
}

# package DIR NAME VERSION [DEPENDENCY] - of what is in DIR, in the place of earlier versions
package() {
	mkdir -p "$1/DEBIAN"
	printf '%s\n' "Package: $2" "Version: $3" "Architecture: amd64" \
		"Maintainer: nobody <nobody@example.org>" "${4:+Depends: $4}" "Description: none" |
		grep . > "$1/DEBIAN/control"
	rm -f "$mirror/pool/$2"_*
	dpkg-deb --root-owner-group -b "$1" "$mirror/pool/$2_$3_amd64.deb" > /dev/null
}

# publish [LINE...] - the mirror's lists say what it has; LINEs are in its Release, which SIGNER has signed
publish() {
	local lists=$mirror/dists/bookworm deb architecture
	mkdir -p "$lists"/main/binary-{amd64,arm64}
	: > "$lists/main/binary-arm64/Packages"
	for deb in "$mirror"/pool/*; do
		dpkg-deb -f "$deb"
		echo "Filename: pool/${deb##*/}"
		echo "Size: $(stat -c %s "$deb")"
		echo "SHA256: $(sha256sum "$deb" | cut -d ' ' -f 1)"
		echo
	done > "$lists/main/binary-amd64/Packages"
	{
		printf '%s\n' "Origin: Debian" "Suite: oldstable" "Codename: bookworm" "Architectures: amd64 arm64" \
			"Components: main" "Date: $(date -u -R)" "$@" "SHA256:"
		for architecture in amd64 arm64; do
			deb=main/binary-$architecture/Packages
			echo " $(sha256sum < "$lists/$deb" | cut -d ' ' -f 1) $(stat -c %s "$lists/$deb") $deb"
		done
	} > "$lists/Release"
	gpg --homedir "$gpg" --batch --quiet --yes --local-user "${SIGNER:-debian}@example.org" \
		--clearsign -o "$lists/InRelease" "$lists/Release"
	rm "$lists/Release"
}

# digest NAME - of a package on the mirror
digest() { sha256sum "$mirror/pool/$1"_*.deb | cut -d ' ' -f 1; }
