#!/usr/bin/env bats
# bats file_tags=guest
# git bisect run finds the commit from which on Linux thrashes. (A quarter of an hour, most of which is the
# first kernel; 4 GB of disk.)

load ../helpers
load ../lib/tree

setup() {
	for tool in flex bison bc; do
		command -v $tool > /dev/null || skip "there is no $tool: make deps-source"
	done
	tree=$BATS_TEST_TMPDIR/tree linux=$BATS_TEST_TMPDIR/linux
	scratch_tree "$tree" "$ROOT/bats/lib/swaps"
	# most of the memory is the swap store's; 110 MB do not fit into the rest
	sed -i 's/^memory=.*/memory=96 swap=ssd:256/; s/-n 4/-n 2/; s/240 R/110 R/' "$tree/experiments/cases/swaps"
	export GIT_CONFIG_GLOBAL=$BATS_TEST_TMPDIR/gitconfig
	git config --global user.name nobody
	git config --global user.email nobody@example.org
	source_of_linux
}

# source_of_linux - that of the debug kernel, as the first commit
source_of_linux() {
	(
		export parts=$ROOT/experiments/machine build=$BATS_TEST_TMPDIR name=debug new=$BATS_TEST_TMPDIR/package
		# shellcheck source=experiments/machine/apt
		. "$parts/apt"
		fetch debug
		unpack_into "$new"
	) 2>&3
	mkdir "$linux"
	"$ROOT/build/tools/amd64/bin/xz" -dc "$BATS_TEST_TMPDIR"/package/usr/src/linux-source-*.tar.xz |
		tar -x -C "$linux" --strip-components 1
	rm -r "$BATS_TEST_TMPDIR/package"
	cd "$linux" || return
	git init -q
	# Debian's own .gitignore leaves all out
	git add -A -f
	git commit -q -m 'Linux'
}

# change FILE SED SUBJECT - the next commit
change() {
	sed -i "$2" "$1"
	git commit -q -a -m "$3"
}

# With watermark_scale_factor=500, kswapd reclaims until a tenth of the memory is free: so much less is left
# for the process, whose accesses go anywhere in its 110 MB. It has twice as many major faults.
@test "git bisect finds the commit from which on the kernel keeps memory free, around one that does not compile" {
	# of six, git looks at the third first
	change mm/swapfile.c '1i /* of words only */' 'mm: a remark'
	change mm/vmscan.c '1i /* of words only */' 'mm: another remark'
	change mm/swap_state.c '$a int not_yet' 'mm: does not compile'
	change mm/swap_state.c '$d' 'mm: compiles'
	change mm/page_alloc.c 's/^int watermark_scale_factor = 10;/int watermark_scale_factor = 500;/' 'mm: keep a tenth of the memory free'
	change mm/filemap.c '1i /* of words only */' 'mm: yet another remark'

	git checkout -q HEAD~6
	good=$("$tree/experiments/machine/kernel" --tree . 2>&3)
	git checkout -q -
	# what git is told is what this says
	run -1 "$tree/experiments/bisect" A="$good" CASES=swaps SEEDS=4 FAIL_IF='major > 5%'
	assert_output --regexp 'compare: major > 5%: major of B is [+]'
	git bisect start HEAD HEAD~6
	run -0 git bisect run "$tree/experiments/bisect" A="$good" CASES=swaps SEEDS=4 FAIL_IF='major > 5%'
	assert_output --partial 'is the first bad commit'
	assert_equal "$(git log -1 --format=%s refs/bisect/bad)" 'mm: keep a tenth of the memory free'
	assert_equal "$(git bisect log | grep -c '^git bisect skip')" 1
	assert_equal "$(git status --porcelain --ignored)" ""

	commit=$(git rev-parse --short=12 refs/bisect/bad)
	run -0 cat "$tree"/results/compare/swaps/*_vs_*-g"$commit"-96-ssd256-1..4.md
	assert_output --regexp '\| Major Faults \(faults\) .* worse \|'
}
