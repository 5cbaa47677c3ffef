#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031 # each test is a subshell of its own
# Which rows have results of the same inputs: what is known of them, what is asked, and what must not be taken as known.
# The tree has a lab that makes no machines, and says what it was asked.

load helpers
load lib/tree

row=sim-6.1-192-none-1/tiny-1

setup() {
	scratch_tree "$BATS_TEST_TMPDIR/tree"
	cd "$BATS_TEST_TMPDIR/tree" || return
	tiny_case experiments/cases/tiny
	sed -i 's/figures=.*/figures=none/' experiments/cases/tiny
	# a kernel and tools of which everything may be changed
	rm build/kernel build/tools
	for file in kernel/6.1/{vmlinuz,package,lib/modules/6.1/zram.ko,usr/src/headers/Module.symvers} \
		tools/amd64/{bin/gcc,qemu/qemu,root/lib/libc.so,packages}; do
		mkdir -p "build/$(dirname "$file")"
		echo something > "build/$file"
	done
	cat > experiments/lab <<-'END'
		#!/bin/sh
		echo "$@" >> asked
		seed=$(echo "$*" | sed 's/.* -s \([0-9]*\) .*/\1/')
		[ ! -x at-it ] || ./at-it
		inputs() { printf 'inputs\t%s\nseed\t%s\n' "$(cat version)" "$seed"; }
		while [ $# -gt 0 ] && [ "$1" != -- ]; do
			case $1 in
			--inputs) inputs; exit ;;
			-o) mkdir "$2"; { inputs; printf 'seconds\t1\n'; } > "$2/meta.tsv"; echo data > "$2/left" ;;
			esac
			shift
		done
	END
	echo 1 > version
	: > asked
	unset MACHINE KERNEL MEM SWAP SEED N KNOBS CC CFLAGS LDFLAGS KDIR QEMU LD_LIBRARY_PATH LAUNCH
}

# result ROW VERSION - results of it
result() {
	mkdir -p "results/$1"
	printf 'inputs\t%s\nseed\t%s\nseconds\t1\n' "$2" "$(basename "${1%/*}" | tr - '\n' | tail -n 1)" > "results/$1/meta.tsv"
}

# known ROW - it is not among what -k prints, and lab was not asked
known() {
	: > asked
	run -0 experiments/list -k "$1"
	assert_output ""
	assert_empty asked
}

# unknown ROW
unknown() {
	run -0 experiments/list -k "$1"
	assert_output "$1"
}

@test "rows have their states, in the order in which they are given, as arguments or as lines" {
	result sim-6.1-192-none-2/tiny-1 1
	result sim-6.1-192-none-3/tiny-2 0
	result $row 1
	rows=(sim-6.1-192-none-9/tiny-1 sim-6.1-192-none-2/tiny-1 sim-6.1-192-none-3/tiny-2 "$row" sim-6.1-192-none-2/tiny-1)
	states=$(printf '%s\t%s\n' missing "${rows[0]}" same "${rows[1]}" other "${rows[2]}" same "${rows[3]}" same "${rows[4]}")
	run -0 experiments/list "${rows[@]}"
	assert_output "$states"
	run -0 experiments/list < <(printf '%s\n' "${rows[@]}")
	assert_output "$states"
	run -0 experiments/list -k "${rows[@]}"
	assert_output "$(printf '%s\n' "${rows[0]}" "${rows[2]}")"
	run -0 experiments/list < /dev/null
	assert_output ""
}

@test "what is missing is asked of nobody, and what was found to be the same is asked once" {
	result $row 1
	run -0 experiments/list $row sim-6.1-192-none-2/tiny-1
	assert_equal "$(wc -l < asked)" 1
	known $row
	run -0 experiments/list $row
	assert_output "same	$row"
	assert_empty asked
	# other results of the same row are other ones
	result $row 0
	run -0 experiments/list $row
	assert_output "other	$row"
	result $row 1
	known $row
}

@test "what was run is known, and its inputs are not looked at before, if it has no results" {
	make -s build/reduce 2>&3
	run -0 experiments/run $row
	assert_equal "$(wc -l < asked)" 1
	refute_output --partial inputs
	known $row
	# it has been, with these
	run -0 experiments/run -n $row
	assert_output "same	$row"
}

@test "make runs what is not known to be the same, and nothing else" {
	make -s build/reduce 2>&3
	result $row 1
	experiments/list $row
	: > asked
	run -0 make -s tiny N="1 2"
	assert_output sim-6.1-192-none-1/tiny-2
	assert_equal "$(wc -l < asked)" 1
	: > asked
	run -0 make -s tiny N="1 2"
	assert_output ""
	assert_empty asked
	run -0 make -s list CASES=tiny
	assert_output "$(printf 'same\tsim-6.1-192-none-1/tiny-%s\n' 1 2)"
}

@test "a changed byte of what inputs are made of is seen, and taken back it is as it was" {
	result $row 1
	experiments/list $row
	for file in experiments/{cases/tiny,lab,run,rows,environment,machine/{inside,init,profile,code,image,inputs,swaps.tsv,pinned.tsv,kernels.tsv,lockstep.c,sample-system.c}} \
		mp3/{mp3.h,Kbuild,tools/work.c,multiprogramming.sh,module/internal.h}; do
		known $row
		cp -p "$file" "$BATS_TEST_TMPDIR/was"
		printf ' ' >> "$file"
		touch -r "$BATS_TEST_TMPDIR/was" "$file"
		unknown $row
		cp -p "$BATS_TEST_TMPDIR/was" "$file"
	done
	# also of one that lies elsewhere
	mv experiments/machine/inside elsewhere
	ln -s ../../elsewhere experiments/machine/inside
	known $row
	echo >> elsewhere
	unknown $row
	rm experiments/machine/inside
	cp -p "$ROOT/experiments/machine/inside" experiments/machine
	chmod -x experiments/machine/inside
	unknown $row
	chmod +x experiments/machine/inside
	known $row
	# neither what is built there nor another case
	touch mp3/work mp3/mp3.mod.c experiments/cases/another
	known $row
}

@test "a change of the kernel or of the tools is seen, also if a file's size and date are what they were" {
	result $row 1
	for file in kernel/6.1/{vmlinuz,lib/modules/6.1/zram.ko,usr/src/headers/Module.symvers} tools/amd64/{bin/gcc,qemu/qemu,root/lib/libc.so}; do
		experiments/list $row
		known $row
		touch -r "build/$file" "$BATS_TEST_TMPDIR/then"
		echo Something > "build/$file"
		touch -r "$BATS_TEST_TMPDIR/then" "build/$file"
		unknown $row
	done
	experiments/list $row
	known $row
	rm -r build/kernel
	unknown $row
}

@test "nothing is known where the environment names a compiler, its flags, libraries, a kernel or an emulator" {
	result $row 1
	experiments/list $row
	for setting in CC=gcc CFLAGS=-O1 LDFLAGS=-s KDIR=/x QEMU=/bin/true LD_LIBRARY_PATH=/nowhere KERNEL=/x/vmlinuz-6.1; do
		run -0 env "$setting" experiments/list -k $row
		assert_output $row
		run -0 env "$setting" experiments/list $row
		assert_output "same	$row"
	done
	# nothing was written down of these either
	assert_equal "$(wc -l < build/same.tsv)" 1
}

@test "nothing is known of a host, of another kernel than a distribution's, and of a case that has more than its own file" {
	# shellcheck disable=SC2016 # the case's
	for line in 'files=/bin/true' 'packages=gcc' 'export root=/srv' 'cpus=$(nproc)' ': "${files:=x}"' '. ./other' 'if . ./other; then :; fi' \
		'eval "$x"' 'case ${argument-} in 1) root_disk=ssd ;; esac'; do
		tiny_case experiments/cases/more
		echo "$line" >> experiments/cases/more
		assert_equal "$line: $(experiments/list -s sim-6.1-192-none-1/more-1)" "$line: "
	done
	mkdir -p build/kernel/{debug,6.9,version}
	for other in host-6.1-all-own-1/tiny-1 sim-debug-192-none-1/tiny-1 sim-6.9-192-none-1/tiny-1 sim-version-192-none-1/tiny-1 \
		sim-6.1-192-none-1/nothing no-row; do
		assert_equal "$other: $(experiments/list -s $other)" "$other: "
	done
	tiny_case experiments/cases/more
	echo '	# files and packages: it has none' >> experiments/cases/more
	run -0 experiments/list -s sim-6.1-192-none-1+vm.swappiness@10/more-1
	assert_output --regexp '^[0-9a-f]{64}	[0-9a-f]{64}$'
}

@test "a file that a case simply names is seen by what is in it" {
	mkdir build/measure
	echo one > build/measure/a
	echo two > build/measure/b
	echo "files='build/measure/a build/measure/b'" >> experiments/cases/tiny
	result $row 1
	experiments/list $row
	known $row
	echo 2 > build/measure/b
	unknown $row
	echo two > build/measure/b
	known $row
	chmod +x build/measure/b
	unknown $row
	chmod -x build/measure/b
	known $row
	rm build/measure/a
	unknown $row
	# it has libraries, which lie anywhere
	cp /bin/true build/measure/a
	assert_equal "$(experiments/list -s $row)" ''
}

@test "make knows nothing, either, where its command line names a compiler, its flags or an emulator" {
	result $row 1
	experiments/list $row
	for setting in CC=gcc CFLAGS=-O1 LDFLAGS=-s KDIR=/x QEMU=/bin/true; do
		run -0 make -s -n N=1 tiny "$setting"
		assert_output --partial "experiments/run $row"
	done
	run -0 make -s -n N=1 tiny
	refute_output --partial "experiments/run"
}

@test "what one who was killed has left beside results is for run to tidy up" {
	result $row 1
	experiments/list $row
	for left in results/$row.old results/$row.new build/rows/$row.new build/rows/$row.old; do
		known $row
		mkdir -p "$left"
		unknown $row
		rmdir "$left"
	done
}

@test "what has changed while the inputs were looked at is not written down, even if it was taken back" {
	result $row 1
	printf '#!/bin/sh\ncp experiments/rows was; echo >> experiments/rows; cat was > experiments/rows\n' > at-it
	chmod +x at-it
	run -0 experiments/list $row
	assert_output "same	$row"
	unknown $row
	rm at-it
	run -0 experiments/list $row
	known $row
}

@test "a torn line of what is known does no harm" {
	result $row 1
	result sim-6.1-192-none-1/tiny-2 1
	result sim-6.1-192-none-2/tiny-1 1
	experiments/list $row
	line=$(cat build/same.tsv)
	for length in 10 64 65 100 129 130 $((${#line} - 1)) ${#line}; do
		printf '%s' "${line:0:$length}" > build/same.tsv
		run -0 experiments/list $row sim-6.1-192-none-1/tiny-2
		assert_output "$(printf 'same\tsim-6.1-192-none-1/tiny-%s\n' 1 2)"
		experiments/list $row sim-6.1-192-none-1/tiny-2
		known $row
		known sim-6.1-192-none-1/tiny-2
	done
	printf '\t\t%s\n%s\n\t\n' $row "$(head -c 10000 /dev/zero | tr '\0' x)" > build/same.tsv
	unknown $row
}

@test "one that fails ends it, with its status and no row" {
	result $row 1
	printf '#!/bin/sh\necho "no: $2" >&2\nexit 7\n' > experiments/run
	run -7 experiments/list $row sim-6.1-192-none-2/tiny-1
	assert_output "no: $row"
}

@test "who is killed while run is asked leaves nothing, and asks nothing more" {
	mkdir tmp
	for seed in {1..20}; do result sim-6.1-192-none-"$seed"/tiny-1 1; done
	# shellcheck disable=SC2016 # that shell's
	printf '#!/bin/sh\n[ "$(wc -l < asked)" -lt 3 ] || until [ -e go-on ]; do sleep 0.1; done\n' > at-it
	chmod +x at-it
	for seed in {1..20}; do echo sim-6.1-192-none-"$seed"/tiny-1; done > rows
	TMPDIR=$PWD/tmp setsid experiments/list < rows > said 2>&1 3>&- & list=$!
	until_it grep -q -e '-s 11 ' asked
	kill $list
	status=0
	wait $list || status=$?
	assert_equal $status 130
	touch go-on
	until_it sh -c '! pgrep -g "$1"' sh $list
	[ "$(wc -l < asked)" -le $((3 + $(nproc))) ]
	assert_empty said
	assert_equal "$(ls tmp)" ""
}

@test "10,000 rows that are known take no more programs than ten, but for some that read many results each" {
	mkdir results/sim-6.1-192-none-{1..5000}{,/tiny-{1,2}}
	for seed in {1..5000}; do printf 'inputs\t1\nseed\t%s\nseconds\t1\n' "$seed" | tee results/sim-6.1-192-none-"$seed"/tiny-{1,2}/meta.tsv > /dev/null; done
	SEED=1..5000 N="1 2" experiments/rows -p tiny > rows
	stamp=$(experiments/list -s $row | cut -f 1)
	sed 's|.*|results/&/meta.tsv|' rows | xargs sha256sum |
		sed "s|^\([0-9a-f]*\)  results/\(.*\)/meta.tsv|$stamp	\1	\2|" > build/same.tsv
	# whatever it starts is counted; what is not here is not found
	mkdir programs
	for program in awk cat cut dirname env find grep head kill mktemp nproc rm sed sh sha256sum sleep sort stat tail tr wc xargs; do
		printf '#!/bin/sh\necho >> "%s/count"\nexec "%s" "$@"\n' "$PWD" "$(command -v $program || type -P $program)" > programs/$program
	done
	chmod +x programs/*
	for count in 10 10000; do
		: > count
		head -n $count rows | PATH=$PWD/programs /bin/sh experiments/list > said
		assert_equal "$(grep -c '^same	' said)" $count
		echo "$count rows: $(wc -l < count) programs"
		counts+=("$(wc -l < count)")
	done
	assert_empty asked
	[ $((counts[1] - counts[0])) -le 20 ]
	run -0 make -n SEED=1..5000 N="1 2" tiny
	refute_output --partial "experiments/run "
}
