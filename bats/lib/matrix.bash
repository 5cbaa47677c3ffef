# shellcheck shell=bash
# Runs on other hosts, for tests: of the case tiny, with a seed each, and what they leave when they are made here.

# shellcheck source=bats/lib/tree.bash
. "$(dirname "${BASH_SOURCE[0]}")/tree.bash"

# matrix_tree DIR SEEDS - a tree whose tiny has no figures, and is lost after 90 s; its results of SEEDS, as of 1..4, are in DIR/here
matrix_tree() {
	scratch_tree "$1"
	tiny_case "$1/experiments/cases/tiny"
	sed -i 's/^figures=.*/figures=none time=90/' "$1/experiments/cases/tiny"
	make -s -C "$1" -j2 N=1 SEED="$2" tiny > /dev/null && cp -r "$1/results" "$1/here"
}

# forget_runs - of the tree here, all that was made
forget_runs() {
	rm -rf results build/{rows,made,matrix,audited,verify,same.tsv}
	mkdir results
}

# made_right COUNT - so many rows are there, and each is what was made here
made_right() {
	local meta
	assert_equal "$(find results -name meta.tsv | wc -l)" "$1"
	for meta in results/*/*/meta.tsv; do
		# it has the digest of each file
		cmp "$meta" "here/${meta#results/}" || return
		diff -r "${meta%/*}" "here/$(dirname "${meta#results/}")" || return
	done
}

# machine_on HOST - one is there
machine_on() { grep -q -s -x "$1" build/matrix/*/at/*/host; }
