#!/usr/bin/env bats
# matrix - how far many runs are, which are made twice, and their end

load helpers

MATRIX=$ROOT/experiments/matrix

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	dir=$PWD/dir
}

# begin COUNT [AUDIT] - so many rows, each with a seed of its own
begin() {
	mkdir -p "$dir"
	seq "$1" | sed 's|.*|sim-6.1-192-none-&/tiny-1|' > "$dir/all"
	cp "$dir/all" "$dir/rows"
	"$MATRIX" new "$dir" "${@:2}"
}

# at NUMBER PID [HOST SECONDS] - somebody is at that run, and its machine has begun there so many seconds ago
at() {
	mkdir -p "$dir/at/$1"
	echo "$2 $(born "$2") rows/sim-6.1-192-none-$1/tiny-1" > "$dir/at/$1/run"
	[ $# = 2 ] || { echo "$3" > "$dir/at/$1/host"; touch -d "-$4 seconds" "$dir/at/$1/host"; }
}

# born PID - the boot, and when in it that process was started
born() { echo "$(cat /proc/sys/kernel/random/boot_id).$(sed 's/.*) //' "/proc/$1/stat" 2> /dev/null | cut -d ' ' -f 20)"; }

# happened EVENT NUMBER [HOST SECONDS]
happened() { "$MATRIX" log "$dir" "$1" "rows/sim-6.1-192-none-$2/tiny-1" "${@:3}"; }

@test "all of a new matrix waits" {
	begin 3
	run -0 "$MATRIX" show "$dir"
	assert_output 'matrix: 0 of 3 done, 0 running, 3 waiting, 0 failed; 0.00 core-hours'
	run -0 cat "$dir/runs"
	assert_output "$(printf 'rows/sim-6.1-192-none-%s/tiny-1\n' 1 2 3)"
}

@test "what runs, waits in a queue, is lost, was there, is done and has failed is told apart" {
	begin 9
	at 1 $$ alpha 0
	at 2 $$			# in a queue
	at 3 999999999 beta 10	# who was at it was killed
	at 9 $$ alpha 0; sed -i "s/^\([0-9]*\) [^ ]*/\1 $(born 1)/" "$dir/at/9/run"	# another process has the number now
	happened 'done' 4 beta 3600
	happened same 5
	happened lost 6 beta 1800
	happened failed 7 alpha 360
	happened lost 8 beta 0
	happened 'done' 8 alpha 0
	run -0 "$MATRIX" show "$dir"
	# 3600 + 1800 + 360 seconds
	assert_output --regexp '^matrix: 3 of 9 done, 1 running, 4 waiting, 1 failed; 1[.]60 core-hours; it will be done at '
	run -0 "$MATRIX" missing "$dir"
	assert_output "$(printf '%s\trows/sim-6.1-192-none-%s/tiny-1\n' waiting 1 waiting 2 waiting 3 lost 6 failed 7 waiting 9)"
}

@test "the end is when what is left is done, by the mean of what was made, with as many machines as run now" {
	begin 8
	happened 'done' 1 alpha 3000
	happened 'done' 2 alpha 4200
	at 3 $$ alpha 1800
	at 4 $$ beta 600
	# 3600 s each: 1800 and 3000 left of what runs, four wait: (1800 + 3000 + 4 * 3600) / 2
	soonest=$(($(date +%s) + 9600))
	run -0 "$MATRIX" show "$dir"
	latest=$(($(date +%s) + 9600))
	# shellcheck disable=SC2154 # run sets it
	end=${output##*done at }
	[ "$end" = "$(date -d @$soonest +%H:%M)" ] || assert_equal "$end" "$(date -d @$latest +%H:%M)"
	# 3000 + 4200 + 1800 + 600
	assert_output --partial '; 2.67 core-hours;'
}

@test "of many who tell, one in a minute is heard, and the last one" {
	begin 2
	at 1 $$ alpha 0
	run -0 "$MATRIX" show -t "$dir"
	assert_line --partial '0 of 2 done, 1 running'
	run -0 "$MATRIX" show -t "$dir"
	refute_output
	rm -r "$dir/at/1"
	happened 'done' 1 alpha 1
	run -0 "$MATRIX" show -t "$dir"
	refute_output
	happened 'done' 2 alpha 1
	run -0 "$MATRIX" show -t "$dir"
	assert_line --partial '2 of 2 done, 0 running, 0 waiting'
	assert_equal "$(wc -l < "$dir/progress")" 2
}

@test "a share of the runs of sim is made twice, rounded up, and the same ones for the same rows" {
	for share in 5%:200:10 1:10:1 50%:7:4 100%:3:3 0:5:0 0.5%:1000:5; do
		IFS=: read -r words rows twice <<< "$share"
		rm -rf "$dir"
		begin "$rows" "$words"
		assert_equal "$share $(grep -c ^audit/ "$dir/runs") $(grep ^audit/ "$dir/runs" | sort -u | wc -l)" "$share $twice $twice"
		assert_equal "$(grep -c ^rows/ "$dir/runs")" "$rows"
		# of the rows, none else
		assert_equal "$(comm -23 <(sed -n 's|^audit||p' "$dir/runs" | sort) <(sed -n 's|^rows||p' "$dir/runs" | sort))" ''
		cp "$dir/runs" before
		begin "$rows" "$words"
		cmp before "$dir/runs"
	done
	mkdir host
	printf '%s\n' host-6.1-all-own-1/tiny-1 tcg-6.1-192-none-1/tiny-1 sim-6.1-192-none-1/tiny-1 | tee host/all > host/rows
	"$MATRIX" new "$PWD/host" 100%
	run -0 grep ^audit host/runs
	assert_output audit/sim-6.1-192-none-1/tiny-1
}

@test "a share that is none is refused in one line" {
	for share in 5x 101 -1 1.2.3 .; do
		run -1 begin 3 "$share"
		assert_equal "${#lines[@]}" 1
		assert_output --partial "AUDIT: $share is "
	done
}

@test "it ends for the first reason, with all who are at it" {
	begin 2
	sleep 1000 3>&- & first=$!
	sleep 1000 3>&- & second=$!
	at 1 $first alpha 0
	at 2 $second
	run -0 "$MATRIX" stop "$dir" 'alpha and beta differ'
	assert_output 'matrix: alpha and beta differ; all ends'
	for pid in $first $second; do
		status=0
		wait "$pid" || status=$?
		assert_equal $status 143
	done
	run -0 "$MATRIX" stop "$dir" 'something else'
	refute_output
	assert_equal "$(cat "$dir/stop")" 'alpha and beta differ'
	run -130 env MATRIX="$dir" LAUNCH=false "$ROOT/experiments/run" sim-6.1-192-none-99/case1
	assert_line --index -1 --partial 'does not begin: alpha and beta differ'
}

@test "where a run was made, and what a host has made, is known" {
	begin 3
	happened lost 1 alpha 5
	happened 'done' 1 beta 5
	happened 'done' 2 alpha 5
	happened 'done' 3 alpha 5
	happened failed 3 alpha 5
	for expected in 1:beta 2:alpha 3:failed 4:-; do
		run -0 "$MATRIX" host "$dir" "rows/sim-6.1-192-none-${expected%:*}/tiny-1"
		assert_equal "${expected%:*}:$output" "$expected"
	done
	# of all matrices of a tree
	mkdir -p tree/build/matrix/{1,2}
	cp -r "$ROOT/experiments" tree
	cp "$dir/log" tree/build/matrix/1
	printf '1\tdone\trows/sim-6.1-192-none-2/tiny-1\tgamma\t5\n' > tree/build/matrix/2/log
	run -0 tree/experiments/matrix made alpha
	assert_output sim-6.1-192-none-3/tiny-1
	run -0 tree/experiments/matrix made gamma
	assert_output sim-6.1-192-none-2/tiny-1
}

@test "wrong words are told" {
	run -2 "$MATRIX"
	run -2 "$MATRIX" new
	run -2 "$MATRIX" nonsense x
	run -1 "$MATRIX" show /nowhere
	assert_output 'matrix: there is no matrix in /nowhere'
}
