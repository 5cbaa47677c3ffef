# SPDX-License-Identifier: GPL-2.0
# measure.mk - what the cases of the benchmark, and theory, need in their machine. Each names in its
# files= what it wants of
#
#	build/measure/METER		the meters, static programs; and prompt/resident
#	build/measure/bench		what the cases share, without comments: what is said about
#					it goes into no machine
#	build/measure/tools.tar		the programs that the profiler is compared with
#	build/measure/KERNEL/rearmed.ko	the module that it is compared with, for that kernel

meters := cost slow rate delay register-all follow-ring read-ring sample-proc sample-iterator \
	sample-taskstats sample-clock resident scan
meter_sources := $(addprefix experiments/measure/,meter.c meter.h records.c records.h sampler.c sampler.h) \
	$(addprefix mp3/,mp3.h tools/ring.c tools/ring.h)

# What is measured must not depend on CC or CFLAGS: this is the machine's compiler. The axes may be lists, which are not for lab.
meter_compiler = $$(env -u CC -u MACHINE -u MEM -u SWAP -u SEED -u KNOBS -u CPUS KERNEL="$${KERNEL%%[ ,]*}" experiments/lab --compiler)
one_at_a_time  = . experiments/atomic; alone $@

$(meters:%=build/measure/%): build/measure/%: experiments/measure/%.c $(meter_sources)
	@mkdir -p $(@D) && echo "$@"
	@$(one_at_a_time); compiler=$(meter_compiler) && $$compiler -O2 -std=gnu11 -Wall -Wextra -Wshadow -Wmissing-prototypes -static \
		-o $@.new $(filter %.c,$^) && mv $@.new $@

# The same, which looks when it wants to, whoever waits for that.
build/measure/prompt/resident: experiments/measure/resident.c $(meter_sources)
	@mkdir -p $(@D) && echo "$@"
	@$(one_at_a_time); compiler=$(meter_compiler) && $$compiler -DPROMPT -O2 -std=gnu11 -Wall -Wextra -Wshadow -Wmissing-prototypes -static \
		-o $@.new $(filter %.c,$^) && mv $@.new $@

build/measure/bench build/measure/c-source: build/measure/%: experiments/measure/% experiments/machine/code
	@mkdir -p $(@D) && echo "$@"
	@$(one_at_a_time); experiments/machine/code $< > $@.new && chmod --reference=$< $@.new && mv $@.new $@

build/measure/tools.tar: experiments/measure/bench-tools experiments/machine/pinned.tsv
	@mkdir -p $(@D) && echo "$@"
	@experiments/measure/bench-tools $@ perf pidstat bpftrace

# The directory is named like the kernel in the path of the results: 6.1, or 6.9 for
# KERNEL=path/to/vmlinuz-6.9.
build/measure/%/rearmed.ko: experiments/measure/build-module $(wildcard experiments/measure/rearmed/*)
	@mkdir -p $(@D) && echo "$@"
	@KDIR='$(KDIR)' experiments/measure/build-module experiments/measure/rearmed $(or $(filter %/$* %/vmlinuz-$*,$(KERNEL)),$*) $@
