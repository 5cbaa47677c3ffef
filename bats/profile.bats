#!/usr/bin/env bats
# bats file_tags=guest
# profile: what a case leaves behind, and that it fails when something is missing.
# In one guest, which profile-guest keeps busy, and in a second one, for a case in a memory cgroup.

load helpers

setup_file() {
	export seen=$BATS_FILE_TMPDIR/seen
	"$ROOT/experiments/lab" -m sim -M 192 -S ssd:256 -K vm.swappiness=37 -o "$seen" -f "$ROOT/bats/profile-guest" -- \
		./profile profile-guest 2>&3
	export limited=$BATS_FILE_TMPDIR/limited
	"$ROOT/experiments/lab" -m sim -M 256 -S ssd:256 -K memory.max=64M -o "$limited" -f "$ROOT/bats/profile-guest" -- \
		./profile profile-guest cgroup 2>&3
}

setup() { cd "$seen" || return; }

# records NAME - its records, without the header row
records() { gzip -dc "$1.records.tsv.gz" | tail -n +2; }

# system NAME - its rows of the whole machine
system() { gzip -dc "$1.system.tsv.gz"; }

# counter NAME COUNTER - what it was before and after
counter() { awk -F '\t' -v name="$2" '$1 == name { print $2, $3 }' "$1.counters.tsv"; }

# assert_between LOW VALUE HIGH WHAT - whole or not, each is a number
assert_between() {
	awk -v low="$1" -v value="$2" -v high="$3" 'BEGIN { exit !(value != "" && low <= value && value <= high) }' ||
		fail "$4: expected $1 to $3, got $2"
}

# pids NAME - as the processes report them
pids() { sed 's/.*pid=\([0-9]*\) .*/\1/' "$1.work" | sort; }

@test "a profile has samples, records and reports, and leaves nothing else" {
	assert_equal "$(cat first.status)" 0
	run -0 echo first.*
	assert_output 'first.counters.tsv first.data first.records.tsv.gz first.status first.stderr first.system.tsv.gz first.work'
	assert_equal "$(wc -l < first.work)" 2
}

@test "the records are of the processes that report, each from its first to its last" {
	assert_equal "$(records first | cut -f 3 | sort -u)" "$(pids first)"
	assert_equal "$(records first | cut -f 5 | grep -c f)" 2
	assert_equal "$(records first | cut -f 5 | grep -c l)" 2
}

@test "the records have the faults of the samples" {
	assert_equal "$(records first | awk '{ minor += $6; major += $7 } END { print minor, major }')" \
		"$(awk '{ minor += $2; major += $3 } END { print minor, major }' first.data)"
}

@test "a second profile in the same machine has nothing of the first" {
	assert_equal "$(cat second.status)" 0
	assert_equal "$(records second | cut -f 3 | sort -u)" "$(pids second)"
	assert_equal "$(gzip -dc second.records.tsv.gz | head -n 1)" \
		"$(gzip -dc first.records.tsv.gz | head -n 1)"
	assert_equal "$(gzip -dc second.records.tsv.gz | grep -c time_ns)" 1
	assert [ "$(pids first)" != "$(pids second)" ]
}

@test "the status of the command is the profile's" {
	assert_equal "$(cat failing.status)" 7
	run ! grep profile: failing.stderr
	assert_equal "$(records failing | cut -f 3 | sort -u)" "$(pids failing)"
}

@test "a profile of nobody fails" {
	assert_equal "$(cat nobody.status)" 1
	run -0 grep profile: nobody.stderr
	assert_output 'profile: nobody: nothing was registered'
}

@test "a command that does not register itself, though the case says so, is ended with advice" {
	assert_equal "$(cat never.status)" 1
	run -0 cat never.stderr
	assert_output --regexp '^profile: never: nothing was registered in 10 s: .* take registers=itself out'
	assert_equal "${#lines[@]}" 1
	run ! ls never.data never.work
	assert_equal "$(cat sleepers)" 0
}

@test "any command is registered with what it forks, and says its words itself" {
	assert_equal "$(cat tree.status)" 3
	assert_equal "$(head -n 1 tree.stderr)" words
	assert_equal "$(records tree | cut -f 3 | sort -u | wc -l)" 3	# sh, dd, work
	# dd's buffer of 8 MB is in its peak
	run -0 awk '$12 == "dd" && $11 > 8192 { print "dd" }' <(records tree)
	assert_output dd
	run -0 wc -c < tree.work
	assert_output 0
}

@test "a function is registered, too" {
	assert_equal "$(cat function.status)" 0
	assert_equal "$(records function | cut -f 3 | sort -u | wc -l)" 3	# the function, work, dd
	run -0 cat function.stderr
	assert_line 'words of a script'
	assert_line --partial 'work: pid='
}

@test "NAME.work holds reports of work only, the rest is on stderr" {
	run -0 grep -c . mixed.work
	assert_output 1
	run -0 grep -c '^work: pid=' mixed.work
	assert_output 1
	run -0 cat mixed.stderr
	assert_line 'words of a script'
}

@test "a profile without its records fails, and so does one without its samples" {
	for missing in records samples; do
		assert_equal "$(cat no-$missing.status)" 1
		run -0 grep profile: no-$missing.stderr
		assert_output "profile: no-$missing: the $missing could not be read"
	done
	assert_equal "$(cat no-file.status)" 1
	run -0 grep '^profile:' no-file.stderr
	assert_output "profile: no-file: the records could not be compressed"
}

@test "a profile whose sampler of the machine cannot be started, fails, or cannot be kept fails with one line" {
	for name in no-sampler no-counters late-failure; do
		assert_equal "$name: $(cat $name.status)" "$name: 1"
		run -0 grep '^profile:' $name.stderr
		assert_output "profile: $name: the counters could not be read"
	done
	assert_equal "$(cat no-system.status)" 1
	run -0 grep '^profile:' no-system.stderr
	assert_output --regexp '^profile: no-system: the counters could not be (read|compressed)$'
	# a command's own status comes first, and the rest is there
	assert_equal "$(cat no-counters-failing.status)" 7
	run -0 grep '^profile:' no-counters-failing.stderr
	assert_output "profile: no-counters-failing: the counters could not be read"
	assert_equal "$(records no-counters-failing | cut -f 3 | sort -u)" "$(pids no-counters-failing)"
	run ! ls no-sampler.system no-counters.system no-system.system
}

@test "the machine's own counters are taken before and after, all that the kernel has" {
	run -0 cut -f 1 swapping.counters.tsv
	assert_line --index 0 counter
	for name in time_s majors kswapd_s cpu_{user,nice,system,idle,iowait,irq,softirq}_s psi_{cpu,io,memory}_some_us psi_{io,memory}_full_us \
		swap_{reads,read_sectors,read_ms,writes,write_sectors,write_ms,busy_ms}; do
		assert_line "$name"
	done
	cut -f 1 swapping.counters.tsv | sort > "$BATS_TEST_TMPDIR/names"
	run -0 comm -13 "$BATS_TEST_TMPDIR/names" <(cut -d ' ' -f 1 vmstat.before | sort)
	assert_output ""
	run -0 uniq -d "$BATS_TEST_TMPDIR/names"
	assert_output ""
	run ! grep -q '^cgroup' swapping.counters.tsv
	# they only grow, but for what is there
	for name in first swapping; do
		run -0 awk -F '\t' 'NR > 1 && (NF != 3 || $2 !~ /^[0-9.]+$/ || $3 !~ /^[0-9.]+$/ ||
			$3 < $2 && $1 !~ /^(nr_|workingset_nodes$|cpu_iowait_s$)/)' $name.counters.tsv
		assert_output ""
		# each process is in the sum of all
		read -r before after < <(counter $name pgfault)
		assert_between "$(records $name | awk '{ n += $6 + $7 } END { print n }')" $((after - before)) 1000000000 "faults in $name"
	done
}

@test "what the counters say agrees with what others say" {
	for name in pgfault pgmajfault pswpin pswpout; do
		read -r before after < <(counter swapping $name)
		earlier=$(sed -n "s/^$name //p" vmstat.before) later=$(sed -n "s/^$name //p" vmstat.after)
		assert_between "$earlier" "$before" "$after" "$name before"
		assert_between "$before" "$after" "$later" "$name after"
	done
	# the device has moved what was swapped, page for page of 8 sectors
	for of in "pswpin swap_read_sectors" "pswpout swap_write_sectors"; do
		read -r before after < <(counter swapping "${of% *}")
		read -r sectors sectors_after < <(counter swapping "${of#* }")
		[ $((after - before)) -gt 1000 ] || fail "$of: it has not swapped"
		assert_equal "$of: $((sectors_after - sectors))" "$of: $((8 * (after - before)))"
	done
	# no part of the time is longer than it, and the one CPU had all of it, to the ticks
	read -r before after < <(counter swapping time_s)
	for name in kswapd_s psi_{io,memory}_{some,full}_us; do
		run -0 awk -F '\t' -v name="$name" -v seconds="$(awk -v a="$after" -v b="$before" 'BEGIN { print a - b }')" \
			'$1 == name { part = ($3 - $2) / (name ~ /_us$/ ? 1e6 : 1); print (part > 0 && part <= seconds) ? "" : part " of " seconds }' swapping.counters.tsv
		assert_equal "$name: $output" "$name: "
	done
}

@test "the whole machine has a row in each sample in which there was a record, at its time" {
	for name in first second swapping; do
		# behind the first row, which came at once
		start=$(system $name | sed -n '2s/\t.*//p')
		system $name | tail -n +3 | cut -f 1 > "$BATS_TEST_TMPDIR/rows"
		assert [ "$(wc -l < "$BATS_TEST_TMPDIR/rows")" -gt 10 ]
		run -0 sort -n -c -u "$BATS_TEST_TMPDIR/rows"
		# when a sample was taken; where a process ended, it ends in between
		records $name | awk -v start="$start" '$1 > start && $5 !~ /l/ { print $1 }' | sort -u > "$BATS_TEST_TMPDIR/samples"
		records $name | cut -f 1 | sort -u > "$BATS_TEST_TMPDIR/times"
		sort "$BATS_TEST_TMPDIR/rows" > "$BATS_TEST_TMPDIR/sorted"
		run -0 comm -13 "$BATS_TEST_TMPDIR/sorted" "$BATS_TEST_TMPDIR/samples"
		assert_equal "$name, samples without a row: $output" "$name, samples without a row: "
		run -0 comm -23 "$BATS_TEST_TMPDIR/sorted" "$BATS_TEST_TMPDIR/times"
		assert_equal "$name, rows without a record: $output" "$name, rows without a record: "
		assert_equal "$name ends $(tail -n 1 "$BATS_TEST_TMPDIR/rows")" "$name ends $(records $name | tail -n 1 | cut -f 1)"
	done
}

@test "each row of the whole machine is a number a column, which only grows, but for what is there" {
	run -0 sh -c 'gzip -dc swapping.system.tsv.gz | awk -F "\t" "
		NR == 1 { columns = NF; for (i = 1; i <= NF; i++) { name[i] = \$i; if (n[\$i]++) print \"twice\", \$i }; next }
		NF != columns { print \"columns\", NF }
		{ for (i = 1; i <= NF; i++) {
			if (\$i !~ /^[0-9]+\$/) print name[i], \$i
			if (NR > 2 && \$i + 0 < was[i] + 0 && name[i] !~ /^nr_/) print name[i], was[i], \$i
			was[i] = \$i } }"'
	assert_output ""
	run -0 sh -c 'gzip -dc swapping.system.tsv.gz | head -n 1 | tr "\t" " "'
	assert_output 'time_ns pgfault pgmajfault pswpin pswpout refault_anon refault_file scan_kswapd scan_direct steal_kswapd steal_direct allocstall nr_free_pages memory_some_us memory_full_us io_some_us io_full_us swap_reads swap_read_sectors swap_writes swap_write_sectors swap_busy_ms kswapd_ns'
}

# shown after WHAT: of the same name in both, or of another
same_in_counters() {
	cat << 'END'
pgfault pgfault 1
pgmajfault pgmajfault 1
pswpin pswpin 1
pswpout pswpout 1
refault_anon workingset_refault_anon 1
refault_file workingset_refault_file 1
scan_kswapd pgscan_kswapd 1
scan_direct pgscan_direct 1
steal_kswapd pgsteal_kswapd 1
steal_direct pgsteal_direct 1
memory_some_us psi_memory_some_us 1
memory_full_us psi_memory_full_us 1
io_some_us psi_io_some_us 1
io_full_us psi_io_full_us 1
swap_reads swap_reads 1
swap_read_sectors swap_read_sectors 1
swap_writes swap_writes 1
swap_write_sectors swap_write_sectors 1
swap_busy_ms swap_busy_ms 1
kswapd_ns kswapd_s 1000000000
END
}

@test "the last row of the whole machine is what the counters say at the end, but for what is done after it" {
	while read -r column name factor; do
		read -r first last < <(system swapping | awk -F '\t' -v column="$column" '
			NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) c = i; next }
			NR == 2 { first = $c } { last = $c } END { print first, last }')
		read -r begin end < <(counter swapping "$name")
		run -0 awk -v first="$first" -v last="$last" -v begin="$begin" -v end="$end" -v factor="$factor" 'BEGIN {
			begin *= factor; end *= factor
			# the profile began before sample-system, and ended behind it. kswapd counts its time in ns
			if (begin > first + 1 || last > end + 1 || first > last) print "not in order:", begin, first, last, end
			# what is done after the command is little
			else if (end - last > 0.1 * (end - begin) + 3000) print "not the most of it:", begin, first, last, end
		}'
		assert_equal "$column: $output" "$column: "
	done < <(same_in_counters)
	# nothing is swapped when the command has ended, but what the shell needs
	run -0 sh -c 'gzip -dc swapping.system.tsv.gz | awk -F "\t" "NR == 1 { for (i = 1; i <= NF; i++) at[\$i] = i } END { print \$at[\"pswpin\"], \$at[\"pswpout\"] }"'
	read -r in out <<< "$output"
	read -r _ end < <(counter swapping pswpin)
	assert_between 0 $((end - in)) 1500 "pages swapped in behind the last row"
	read -r _ end < <(counter swapping pswpout)
	assert_between 0 $((end - out)) 1500 "pages swapped out behind the last row"
}

# setting NAME - as settings.tsv has it
setting() { awk -F '\t' -v name="$1" '$1 == name { print $2 }' settings.tsv; }

@test "settings.tsv says what the kernel was set to before the first profile" {
	run -0 head -n 1 settings.tsv
	assert_output "$(printf 'setting\tvalue')"
	assert_equal "$(setting vm.swappiness) $(cat swappiness)" "37 37"
	# another one changed that
	run -0 cmp settings.first settings.tsv
	assert_equal "$(setting vm.min_free_kbytes)" "$(cat min_free)"
	# of a choice the chosen one, of what this kernel does not have nothing
	assert_equal "$(setting transparent_hugepage.enabled)" "$(sed 's/.*\[\(.*\)\].*/\1/' huge)"
	assert_equal "$(setting lru_gen.enabled)" "$(cat lru_gen 2> /dev/null || true)"
	assert_equal "$(setting memory.managed_kb)" "$(awk '$1 == "MemTotal:" { print $2 }' meminfo)"
	assert_between "$(setting memory.min_kb)" "$(setting memory.low_kb)" "$(setting memory.high_kb)" "watermarks"
	run -0 awk -F '\t' 'NF != 2 || $2 == "" || n[$1]++' settings.tsv
	assert_output ""
}

@test "work that does not sleep is awake all the time, to a millisecond in five iterations" {
	awake() { awk -v time="$1" '/elapsed_s/ { for (i = 2; i <= NF; i++) { split($i, of, "="); value[of[1]] = of[2] }
		printf "%.6f\n", value["elapsed_s"] - value["awake_s"] }' "awake.$1"; }
	assert_between 0 "$(awake 0)" 0.001 "seconds asleep"
	assert_between 2 "$(awake 2)" 2.02 "seconds asleep"
}

@test "in a memory cgroup, the command's resident set stays below its limit, and it swaps" {
	cd "$limited"
	assert_equal "$(cat limited.status)" 0
	run -0 sh -c 'gzip -dc limited.records.tsv.gz | awk -F "\t" "NR > 1 && \$12 == \"work\" { if (\$11 > most) most = \$11; if (\$9 > now) now = \$9; n++ } END { print (n > 20), now, most }"'
	read -r many now most <<< "$output"
	assert_equal "$many" 1
	# its program and its library are of the initramfs, and charged to nobody; in all it wants 100 MB
	assert_between $((56 * 1024)) "$now" $((66 * 1024)) "resident set in kB"
	assert_between $((56 * 1024)) "$most" $((66 * 1024)) "largest resident set in kB"
	read -r before after < <(counter limited pswpin)
	assert [ $((after - before)) -gt 1000 ]
}

@test "in a memory cgroup, only the command is, neither the profile nor what watches it" {
	cd "$limited"
	group=$(sed -n 's/^[0-9]* work 0:://p' who)
	[[ $group == /lab.* ]] || fail "work is in $group"
	assert_equal "$(tail -n 1 shells)" $((64 << 20))
	for name in monitor sample-system gzip sed; do
		run -0 sed -n "s/^[0-9]* $name 0:://p" who
		assert_equal "$name: $(sort -u <<< "$output")" "$name: /"
	done
	assert_equal "$(grep -c ' monitor ' who)" 2
	# shells: the profile's own is the first, and that of the function is in it
	shell=$(sed -n 's/^profile //p' shells)
	run -0 sed -n "s/^$shell .* 0:://p" who
	assert_output /
	run -0 awk -v group="0::$group" '$NF == group { print $2 }' who
	refute_output --partial monitor
	assert_line work
	assert_equal "$(cat left)" ""
	assert_equal "$(cat within.status)" 0
}

@test "of a memory cgroup, its own counters are there, too" {
	cd "$limited"
	for name in anon pgfault workingset_refault_anon events_max events_oom psi_memory_some_us psi_memory_full_us; do
		[[ $(counter limited cgroup.$name) =~ ^[0-9]+\ [0-9]+$ ]] || fail "cgroup.$name: $(counter limited cgroup.$name)"
	done
	for name in pgfault workingset_refault_anon events_max psi_memory_some_us; do
		read -r before after < <(counter limited cgroup.$name)
		[ "$after" -gt "$before" ] || fail "cgroup.$name: $before $after"
	done
	# what is in it is in the whole, of which each CPU may still have to add 125
	for name in pgfault pgmajfault workingset_refault_anon; do
		read -r before after < <(counter limited $name)
		read -r inside inside_after < <(counter limited cgroup.$name)
		assert_between 0 $((inside_after - inside)) $((after - before + 125)) "cgroup.$name"
	done
	assert_equal "$(counter limited cgroup.events_oom)" "0 0"
}
