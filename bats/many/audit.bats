#!/usr/bin/env bats
# bats file_tags=guest
#
# AUDIT - runs that are made twice, on two hosts, which here are names; and the progress of all

load ../helpers
load ../lib/matrix

setup_file() {
	export tree=$BATS_FILE_TMPDIR/tree
	matrix_tree "$tree" 1..4 || return
	cd "$tree" || return
	# launcher [--exclude=HOSTS] COMMAND... - here, by the name of alpha or beta, in turn
	cat > launcher <<-'END'
		#!/bin/sh
		case $1 in
		--exclude=*alpha*) host=beta ;;
		--exclude=*) host=alpha ;;
		*) (set -C; : > turn) 2> /dev/null && host=alpha || { rm -f turn; host=beta; } ;;
		esac
		case $1 in --exclude=*) shift ;; esac
		SLURMD_NODENAME=$host "$@" || exit
		[ $host != "$(cat wrong)" ] || sed -i 's/vm.swappiness	60/vm.swappiness	61/' "${2%/*}/results.tar"
	END
	chmod +x launcher
	echo none > wrong
	export LAUNCH="$tree/launcher --exclude={not}"
}

setup() {
	cd "$tree" || return
	forget_runs
	rm -f turn
	echo none > wrong
}

@test "an audit makes a share of the runs by two hosts, and once" {
	run -0 make -s -j2 N=1 SEED=1..4 AUDIT=50% tiny
	assert_equal "$(grep -c -E '^verify: sim-6.1-192-none-[1-4]/tiny-1: the same by (alpha and beta|beta and alpha)$' <<< "$output")" 2
	assert_line --regexp '^matrix: 6 of 6 done, 0 running, 0 waiting, 0 failed; [0-9.]* core-hours$'
	made_right 4
	run -0 make -s progress
	assert_output --partial 'matrix: 6 of 6 done'
	# both hosts have worked, and the one that has made a row has not made it again
	run -0 awk -F '\t' '$2 == "done" { split($3, at, "/"); print at[2], $4 }' build/matrix/*/log
	assert_equal "$(sort -u <<< "$output" | wc -l)" 6

	run -0 make -s -j2 N=1 SEED=1..4 AUDIT=50% tiny
	refute_output --partial 'in the machine'
}

@test "what was made by nobody knows whom is made by two" {
	cp -r here/* results
	run -0 make -s N=1 SEED=1..1 AUDIT=100% tiny
	assert_line --regexp '^verify: sim-6.1-192-none-1/tiny-1: the same by (alpha and beta|beta and alpha)$'
	run -0 awk -F '\t' '$2 == "done" { print $3 }' build/matrix/*/log
	assert_output "$(printf 'audit/sim-6.1-192-none-1/tiny-1\n%.0s' 1 2)"
	# so also where there is but one host
	rm -r build/audited build/made build/matrix
	run -2 make -s N=1 SEED=1..1 AUDIT=100% tiny LAUNCH="env NOT={not} SLURMD_NODENAME=gamma"
	assert_line --partial 'audit: it ran on gamma twice'
}

@test "one wrong byte ends all, and both hosts are named; without what the wrong one has made, all is made right" {
	echo beta > wrong
	run -2 make -s -k -j2 N=1 SEED=1..4 AUDIT=100% tiny
	assert_line --regexp '^matrix: audit: (alpha and beta|beta and alpha) have not made the same: sim-6.1-192-none-[1-4]/tiny-1: settings.tsv differs .*vm.swappiness.*; all ends$'
	assert_equal "$(grep -c 'all ends' <<< "$output")" 1
	refute_output --partial 'the same by'
	run -0 experiments/matrix made beta
	assert_output --regexp '^sim-6.1-192-none-'
	experiments/matrix made beta | sed 's|^|results/|' | xargs rm -r
	for meta in results/*/*/meta.tsv; do cmp "$meta" "here/${meta#results/}"; done

	run -0 make -s -j2 N=1 SEED=1..4 tiny LAUNCH="$tree/launcher --exclude=beta"
	made_right 4
}

@test "where both runs would be of one host, it is no audit" {
	for launch in '' "$tree/launcher"; do
		run -2 make -s N=1 SEED=1..2 AUDIT=50% tiny LAUNCH="$launch"
		assert_line --partial 'AUDIT: which other hosts there are is for LAUNCH to say, with a word like --exclude={not}'
	done
	run -2 make -s N=1 SEED=1..2 AUDIT=50% tiny LAUNCH="env NOT={not} SLURMD_NODENAME=gamma"
	assert_line --partial 'audit: it ran on gamma twice'
}
