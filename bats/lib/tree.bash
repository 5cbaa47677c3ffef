# shellcheck shell=bash
# A tree of the project for tests that run make: its sources, and what they must not build again.

# lend_build DIR - a tree in DIR has this one's kernels and tools
lend_build() {
	mkdir -p "$1/build"
	ln -s "$ROOT/build/kernel" "$ROOT/build/tools" "$1/build"
}

# scratch_tree DIR [CASE...] - without results; these cases alone
scratch_tree() {
	mkdir -p "$1/results" "$1/plots"
	"$ROOT/experiments/machine/kernel" 6.1
	# with their dates, lest a program is built again when a test puts them back
	cp -rp "$ROOT"/{Makefile,mp3,experiments} "$1"
	find "$ROOT/plots" -maxdepth 1 -type f -exec cp -p -t "$1/plots" {} +
	make -s -C "$1/mp3" clean
	lend_build "$1"
	if [ $# -gt 1 ]; then
		rm "$1"/experiments/cases/*
		cp "${@:2}" "$1/experiments/cases"
	fi
}

# tiny_case FILE - a case that swaps nothing and takes a second, in a machine that boots quickly
tiny_case() {
	cat > "$1" <<-'END'
		# tiny - a second of work
		arguments='1 2'
		memory=192 swap=none
		registers=itself
		figures=levels
		one() { nice ./work -n 2 -s "${SEED}0$1" 16 R 1000; }
		run() { profile "tiny-$1" one "$1"; }
	END
}
