# SPDX-License-Identifier: GPL-2.0
# The virtual memory profiler's experiments. `make` alone prints help.
#
# Knobs, as in `make SWAP=ssd case3`:

## MACHINE  sim     where a case runs: sim, tcg, kvm or host (host needs root)
MACHINE ?= sim
## KERNEL   6.1     a Debian kernel's version, or path/to/bzImage with KDIR=path/to/build
KERNEL  ?= 6.1
## MEM      1024    MiB of memory, beside what the swap store takes
MEM     ?= 1024
## SWAP     disk    swap model: disk, hdd, ssd, zram or none; disk:4096 is one of 4096 MiB
SWAP    ?= $(if $(filter host,$(MACHINE)),as-is,disk)
## SEED     1       of the machine and of the workloads
SEED    ?= 1
## N        1 5 7 11  how many processes case 3 runs at a time, one run each; sweep: 1..12
N       ?= $(if $(filter sweep,$(MAKECMDGOALS)),1..12,1 5 7 11)
## SEEDS    -       repeat a case with the seeds from 1 to SEEDS
SEEDS   ?=
## RUNS     -       what verify runs again, as in sim-6.1-disk/profile1; all that is compared
RUNS    ?=
## AUTO_DEPS 1      install missing packages with apt-get; 0 only says which
AUTO_DEPS ?= 1
## KERNELS  debug kcsan rt  in which test-debug tests
KERNELS ?= debug kcsan rt
## OPERATIONS 100000  of the fuzzer, in each of them
OPERATIONS ?= 100000
## HOURS    24      that a soak takes in the machine
HOURS   ?= 24

CFLAGS  ?= -O2
export AUTO_DEPS OPERATIONS

# ----- where things lie ------------------------------------------------------

# $(call reversed,1 2 3 4) is 4 3 2 1
reversed = $(shell echo $1 | tr ' ' '\n' | tac)

# 1..4 is 1 2 3 4
override N := $(shell echo $N | tr ' ' '\n' | awk -F '[.][.]' '/^[0-9]+[.][.][0-9]+$$/ { for (i = $$1; i <= $$2; i++) print i; next } { print }')

# A variant's results stand beside the default's: results/sim-6.1-disk/.
machine := $(MACHINE)-$(patsubst vmlinuz-%,%,$(if $(filter host,$(MACHINE)),$(shell uname -r),$(notdir $(KERNEL))))
seeded  := $(if $(filter-out 1,$(SEED)),-seed$(SEED))
setting := $(machine)-$(subst :,,$(SWAP))$(if $(filter-out 1024,$(MEM)),-mem$(MEM))
variant := $(setting)$(seeded)
theory  := $(machine)-theory$(seeded)

case1 := profile1
case2 := profile2
case3 := $(N:%=profile3-%)
cases := case1 case2 case3

# What the report compares: the default, and the same on a fast swap device.
compared      := sim-6.1-disk sim-6.1-ssd
compared_n    := 1 5 7 11
compared_runs := profile1 profile2 $(compared_n:%=profile3-%)
compared_theory := sim-6.1-theory
compared_bench  := sim-6.1-bench
compared_ratios := tcg-6.1-bench
swept         := sim-6.1-disk
swept_n       := $(shell seq 12)
repeated_n    := 5 7
repeated_seeds := 1 2 3 4 5 6 7

# How many sleeping processes are profiled, to see what each costs.
bench   := $(machine)-bench$(seeded)
benched := 1 10 100 1000 10000

# What a run depends on: when any of it is newer, the case is run again.
machine_sources := $(addprefix mp3/,Kbuild Makefile multiprogramming.sh) \
	$(filter-out %.mod.c,$(wildcard mp3/*.[ch])) \
	$(addprefix experiments/,lab init inside lockstep.c kernel profile)

# ----- verbs -----------------------------------------------------------------

help: ## this text
	@echo "The virtual memory profiler's experiments"
	@echo; echo "Verbs:"
	@sed -n 's/^\([a-z0-9 -]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 24
	@echo; echo "Knobs, with their defaults:"
	@sed -n 's/^## /  /p' Makefile
	@echo; echo "These knobs put results into results/$(variant)/."

case1: ## two processes, both with random accesses
case2: ## two processes, one with locality
case3: ## N processes at a time
theory: ## runs that theory can predict, and how near it is
bench: ## what profiling costs, beside perf, pidstat, bpftrace and /proc
sweep: ## case 3 for each N of 1..12, and where thrashing begins
verify: ## run the committed experiments again, and compare
plots: $(foreach c,$(cases),plots/$(variant)/$c.svg plots/$(variant)/$c.png) ## draw the figures
report: report.md ## write report.md from results/

test: | deps-test deps-machine deps-plots tools ## all tests
	@bats bats/

test-debug: | deps-test deps-machine deps-source tools ## the module's tests in kernels that check themselves
	@for kernel in $(KERNELS); do experiments/kernel $$kernel || exit; done
	@for kernel in $(KERNELS); do \
		echo "kernel: $$kernel" && KERNEL=$$kernel bats $(addprefix bats/,record.bats module.bats access.bats disturbed.bats) bats/debug || exit; \
	done

soak: | deps-test deps-machine tools ## a day of virtual time, with processes coming and going
	@HOURS=$(HOURS) bats bats/soak.bats

check: | deps-test deps-machine ## what looks for mistakes in the sources; a part of test
	@bats bats/source.bats

shell: tools | deps-machine ## a prompt in the machine
	@$(lab) experiments/lab

install uninstall: ## the tools, their manual and the module's source (DESTDIR, prefix)
	@$(MAKE) -s -C mp3 $@

clean: ## remove what was built; results/ and plots/ stay
	rm -rf build
	@$(MAKE) -s -C mp3 clean

.PHONY: help $(cases) theory bench sweep verify plots report test test-debug soak check shell install uninstall clean tools
.DELETE_ON_ERROR:
.SECONDARY:

# ----- packages --------------------------------------------------------------

packages_machine := qemu-system-x86 busybox-static cpio kmod xz-utils libelf1 libncurses-dev
packages_bench   := linux-perf sysstat bpftrace libc6-dev
packages_reduce  := libgsl-dev
packages_plots   := gnuplot-nox
packages_source  := flex bison bc libelf-dev
packages_test    := bats bats-support bats-assert shellcheck libgsl-dev jq tmux ncurses-base mandoc dkms linux-perf sparse cppcheck gpg

# Run each time, and silent when there is nothing to install.
deps := deps-machine deps-bench deps-reduce deps-plots deps-source deps-test
$(deps): deps-%:
	@experiments/packages $(packages_$*)
.PHONY: $(deps)

# ----- running ---------------------------------------------------------------

lab = MACHINE=$(MACHINE) KERNEL=$(KERNEL) MEM=$(MEM) SWAP=$(filter-out as-is,$(SWAP)) SEED=$(SEED)

tools: | deps-machine
	@$(alone); $(MAKE) -s -C mp3 tools

# A file appears when it is whole, and one make at a time makes it.
export started := $(shell date +%s.%N)
atomic = sources='$^'; . experiments/atomic
alone  = $(atomic); alone $@
whole  = $(atomic); whole $@

# What a run leaves, each with the run's name before it; the last one when all are there.
left := data records.tsv.gz work counters.tsv meta.tsv

# $1: the run, $2: the case, $3: its argument, $4: the variant, $5: settings of lab
define run
build/runs/$4/$1: $(machine_sources) experiments/$2 | deps-machine tools build/reduce
	@sources='$$^' $(lab) $5 experiments/run results/$4/$1 $2 $3
endef

ifeq ($(SEEDS),)
$(eval $(call run,profile1,case1,,$(variant)))
$(eval $(call run,profile2,case2,,$(variant)))
$(foreach n,$N,$(eval $(call run,profile3-$n,case3,$n,$(variant))))
# The runs of the cases that are asked for in one breath, the longest first: at the end it
# would leave a CPU idle. That is the last one.
asked    := $(or $(filter $(cases),$(MAKECMDGOALS)),case3)
together := $(call reversed,$(foreach c,$(asked),$($c)))
$(asked): $(together:%=build/runs/$(variant)/%)
	@:
$(foreach c,$(filter-out $(asked),$(cases)),$(eval $c: $($c:%=build/runs/$(variant)/%)))
$(eval $(call run,theory,theory,,$(theory),MEM=160 SWAP=ssd:512))
theory: build/runs/$(theory)/theory
	@+$(MAKE) plots/$(theory)/theory.svg plots/$(theory)/theory.png
sweep: case3 results/$(variant)/sweep.tsv results/$(variant)/knee.tsv plots/$(variant)/sweep.svg

# The plots take the data as they lie in results/. Only data that are missing, or
# whose case is asked for in the same breath, come from a run.
$(foreach c,$(cases),$(foreach r,$($c),$(if \
	$(filter $c$(if $(filter case3,$c), sweep),$(MAKECMDGOALS))$(if $(wildcard results/$(variant)/$r.meta.tsv),,missing),\
	$(eval $(addprefix results/$(variant)/$r.,$(left)): build/runs/$(variant)/$r ;))))
else
# With each seed in a make of its own; then all of them in one table and one figure.
define seed
$1-seed$2:
	@+$(MAKE) SEEDS= SEED=$2 N="$N" $1
$1: $1-seed$2
.PHONY: $1-seed$2
endef
$(foreach c,$(cases),$(foreach s,$(shell seq $(SEEDS)),$(eval $(call seed,$c,$s)))\
	$(eval $c: ; @+$$(MAKE) SEEDS= of_seeds="$$(shell seq $(SEEDS))" N="$N" plots/$(setting)/$c.seeds.svg))
endif

# ----- bench -----------------------------------------------------------------

build/meter: experiments/meter.c mp3/mp3.h
	@mkdir -p $(@D)
	$(CC) -O2 -std=gnu11 -Wall -Wextra -Wshadow -Wmissing-prototypes -static -o $@ $<

build/tools.tar: experiments/bench-tools | deps-bench
	@mkdir -p $(@D)
	experiments/bench-tools $(abspath $@) perf pidstat bpftrace

# For the kernel of the machine, wherever it comes from.
build/rearmed/$(machine)/rearmed.ko: $(wildcard experiments/rearmed/*) | deps-machine
	@mkdir -p $(@D)
	@cp $^ $(@D)
	@$(if $(findstring /,$(KERNEL)),,experiments/kernel $(KERNEL))
	@$(MAKE) -s -C $(or $(KDIR),build/kernel/$(KERNEL)/kdir/) M=$(abspath $(@D)) \
		KCFLAGS="-g0 -ffile-prefix-map=$(abspath $(@D))=rearmed" modules

# One machine for each number of processes, with memory for them; one for work; and one
# that can thrash. Each has a single CPU: on another one, a tool would take nothing from
# the spinner. The figure is one of instructions, and so of virtual time.
# $1: the run, $2: bench's arguments, $3: settings of lab, $4: files
define bench_run
build/runs/$(bench)/$1: experiments/bench build/meter $4 $(machine_sources) | deps-machine tools
	@$$(alone); mkdir -p $$(@D) && rm -rf $$@.new && echo "$1: $(bench)" && \
	$(lab) $3 experiments/lab -c 1 -t 7200 -o $$@.new $(addprefix -f ,experiments/bench build/meter $4) -- ./bench $2 && \
	rm -rf $$@ && mv $$@.new $$@
endef
bench_files := experiments/bench.bt build/tools.tar
$(foreach n,$(benched),$(eval $(call bench_run,cost-$n,cost $n,MEM=6000 SWAP=none,$(bench_files))))
$(eval $(call bench_run,work,work,MEM=2048 SWAP=none,$(bench_files)))
$(eval $(call bench_run,rate,rate,MEM=1024 SWAP=disk,build/rearmed/$(machine)/rearmed.ko))

# The rows of a tool are put together, for they are a line in the plot. The longest runs go first.
bench: $(addprefix build/runs/$(bench)/,rate $(call reversed,$(benched:%=cost-%)) work)
	@. experiments/atomic; alone results/$(bench); set -e; \
	mkdir -p results/$(bench); cd build/runs/$(bench); \
	for table in cost register; do \
		{ head -n 1 cost-1/$$table.tsv; for n in $(benched); do sed 1d cost-$$n/$$table.tsv; done | \
			LC_ALL=C sort -s -k 1,1; } > $$table.tsv; \
	done; \
	for run in $(notdir $^); do cp $$run/meta.tsv $(CURDIR)/results/$(bench)/$$run.meta.tsv; done; \
	cp cost.tsv register.tsv work/slow.tsv work/delay.tsv work/read.tsv rate/rate.tsv $(CURDIR)/results/$(bench)
	@$(if $(filter sim,$(MACHINE)),+$(MAKE) plots/$(bench)/bench.svg,:)

# ----- tables ----------------------------------------------------------------

build/reduce build/oracle: build/%: experiments/%.c experiments/text.c experiments/text.h \
		mp3/mp3.h mp3/accesses.h | deps-reduce
	@mkdir -p $(@D) && echo "$@"
	@$(alone); $(CC) $(CFLAGS) -std=gnu11 -Wall -Wextra -Wshadow -Wmissing-prototypes -o $@.new \
		$(filter %.c,$^) -lgsl -lgslcblas -lm && mv $@.new $@

# $(call meta,FILE,KEY): a value of a run's provenance, found when the recipe runs
meta = $$(awk -F '\t' '$$1 == "$2" { print $$2 }' $1)
build/records/%.tsv: results/%.records.tsv.gz
	@mkdir -p $(@D)
	@$(whole) gzip -dc $<

# $(call reduced,results/VARIANT/RUN): what reduce reads of a run, as it wants it;
# followed: without the counters of the machine
followed = $1.data $(1:results/%=build/records/%.tsv) $1.work
reduced  = $(followed) $1.counters.tsv

%.tsv: %.data %.meta.tsv build/reduce
	@$(whole) build/reduce series -z $(call meta,$*.meta.tsv,hz) $<

results/%.processes.tsv: $(call followed,results/%) results/%.meta.tsv build/reduce
	@$(whole) build/reduce processes -z $(call meta,results/$*.meta.tsv,hz) $(call followed,results/$*)

# $(call levels,N...): what is needed of case 3; $(call reduce_levels,COMMAND,N...): done with it
levels = $(foreach n,$1,$(call reduced,results/%/profile3-$n) results/%/profile3-$n.meta.tsv) build/reduce
reduce_levels = $(whole) build/reduce $1 -z $(call meta,$(@D)/profile3-$(firstword $2).meta.tsv,hz) \
	$(foreach n,$2,$n $(call reduced,$(@D)/profile3-$n))

results/%/case3.tsv: $(call levels,$N)
	@$(call reduce_levels,runs,$N)

sweep_n := $(if $(filter sweep,$(MAKECMDGOALS)),$N,$(swept_n))
results/%/sweep.tsv: $(call levels,$(sweep_n))
	@$(call reduce_levels,runs,$(sweep_n))
results/%/knee.tsv: $(call levels,$(sweep_n))
	@$(call reduce_levels,knee,$(sweep_n))

# The runs of a case with several seeds; of_seeds says which seeds.
seeded_runs = $(foreach s,$(of_seeds),$(addprefix results/$(setting)$(if $(filter-out 1,$s),-seed$s)/,$($1)))
seeded_args = $(foreach r,$(seeded_runs),$(or $(filter-out profile%,$(subst profile3-,,$(notdir $r))),2) $(call reduced,$r))
define seeds_tables
results/$(setting)/$1.seeds.tsv: $(foreach r,$(call seeded_runs,$1),$(call reduced,$r) $r.meta.tsv) build/reduce
	@$$(whole) build/reduce seeds -z $$(call meta,$(firstword $(call seeded_runs,$1)).meta.tsv,hz) $(call seeded_args,$1)
results/$(setting)/$1.seeds.runs.tsv: results/$(setting)/$1.seeds.tsv
	@$$(whole) build/reduce runs -z $$(call meta,$(firstword $(call seeded_runs,$1)).meta.tsv,hz) $(call seeded_args,$1)
endef
$(if $(of_seeds),$(foreach c,$(cases),$(eval $(call seeds_tables,$c))))
ifeq ($(of_seeds),)
# By another make: the seeds are many, and this one's SEEDS may be none.
results/$(swept)/case3.seeds.tsv plots/$(swept)/case3.seeds.svg plots/$(swept)/case3.seeds.png: FORCE
	@+$(MAKE) -s MACHINE=sim KERNEL=6.1 MEM=1024 SWAP=disk SEED=1 SEEDS= \
		of_seeds="$(repeated_seeds)" N="$(repeated_n)" $@
endif

results/%/theory.touches.tsv: results/%/theory.touches.work build/oracle
	@$(whole) build/oracle touches $<

# In the order of their size; experiments/theory says which there are.
theory_runs := $(foreach m,33 34 35 36 39 45 52 62 78 104,theory.random-$m) $(foreach m,39 62 104,theory.local-$m)
results/%/theory.misses.tsv: $(foreach r,$(theory_runs),build/records/%/$r.tsv results/%/$r.work) build/oracle
	@$(whole) build/oracle misses $(filter-out build/oracle,$^)

# ----- plots -----------------------------------------------------------------

comparison := plots/$(firstword $(compared))+$(lastword $(subst -, ,$(lastword $(compared))))

caption = $(call meta,$1,machine) machine, Linux $(call meta,$1,kernel), $(call meta,$1,memory_mb) MB of memory
swap = , swap model $(call meta,$1,swap)

# $(call draw,SCRIPT,CAPTION,TABLE [LABEL]...): as SVG and as PNG, both or none;
# what gnuplot says at all is an error, and a disk that is full is nothing to it
define draw
@echo "$(basename $@)"
@mkdir -p $(@D)
@$(atomic); alone $(basename $@).png $(basename $@).svg; trap 'rm -f $(basename $@).new.*' EXIT; trap 'exit 1' INT TERM HUP; \
for type in svg png; do \
	said=$$(LC_ALL=C.UTF-8 gnuplot -d -c $1 $(basename $@).new.$$type $2 $3 2>&1) && [ -z "$$said" ] || \
		{ echo "$1: $$said" >&2; exit 1; }; \
	tail -c 8 $(basename $@).new.$$type | grep -q -e '</svg>' -e IEND || \
		{ echo "$1: cannot write all of $(basename $@).$$type" >&2; exit 1; }; \
done; \
for type in svg png; do mv $(basename $@).new.$$type $(basename $@).$$type; done
endef

plots/%/case1.svg plots/%/case1.png: results/%/profile1.tsv results/%/profile1.processes.tsv \
		plots/profile.gp plots/style.gp | deps-plots
	$(call draw,plots/profile.gp,"$(call caption,$(<:.tsv=.meta.tsv))$(call swap,$(<:.tsv=.meta.tsv))",\
		$< $(word 2,$^))

plots/%/case2.svg plots/%/case2.png: results/%/profile2.tsv results/%/profile2.processes.tsv \
		plots/profile.gp plots/style.gp | deps-plots
	$(call draw,plots/profile.gp,"$(call caption,$(<:.tsv=.meta.tsv))$(call swap,$(<:.tsv=.meta.tsv))",\
		$< $(word 2,$^))

plots/%/case3.svg plots/%/case3.png: results/%/case3.tsv plots/case3.gp plots/style.gp | deps-plots
	$(call draw,plots/case3.gp,"$(call caption,$(<D)/profile3-$(firstword $N).meta.tsv)",\
		$< "N x work 200 R 10000$(call swap,$(<D)/profile3-$(firstword $N).meta.tsv)")

plots/%/sweep.svg plots/%/sweep.png: results/%/sweep.tsv results/%/knee.tsv plots/sweep.gp plots/style.gp | deps-plots
	$(call draw,plots/sweep.gp,"$(call caption,$(<D)/profile3-1.meta.tsv)$(call swap,$(<D)/profile3-1.meta.tsv)",\
		$< $(word 2,$^))

plots/%.seeds.svg plots/%.seeds.png: results/%.seeds.tsv results/%.seeds.runs.tsv plots/seeds.gp plots/style.gp | deps-plots
	$(call draw,plots/seeds.gp,"$(call caption,$(firstword $(call seeded_runs,$(*F))).meta.tsv)$(call swap,$(firstword $(call seeded_runs,$(*F))).meta.tsv)",\
		$< $(word 2,$^))

plots/%/theory.svg plots/%/theory.png: results/%/theory.touches.tsv results/%/theory.misses.tsv \
		plots/theory.gp plots/style.gp | deps-plots
	$(call draw,plots/theory.gp,"$(call caption,$(<D)/theory.meta.tsv)",$< $(word 2,$^))

plots/%/bench.svg plots/%/bench.png: results/%/cost.tsv plots/bench.gp plots/style.gp | deps-plots
	$(call draw,plots/bench.gp,"$(call caption,$(<D)/cost-1.meta.tsv)",$<)

$(comparison)/case3.svg $(comparison)/case3.png &: $(compared:%=results/%/case3.tsv) plots/case3.gp plots/style.gp | deps-plots
	$(call draw,plots/case3.gp,"$(call caption,$(<D)/profile3-1.meta.tsv)",\
		$(foreach v,$(compared),results/$v/case3.tsv "swap model $(lastword $(subst -, ,$v))"))

# ----- report ----------------------------------------------------------------

# What is compared and not there is run, with the defaults in all but the swap model.
$(foreach v,$(filter-out $(variant),$(compared)),$(if $(filter-out $(wildcard results/$v/*.meta.tsv),$(compared_runs:%=results/$v/%.meta.tsv)),\
	$(eval $(foreach r,$(compared_runs),$(addprefix results/$v/$r.,$(left))) &: ; \
		$$(MAKE) MACHINE=sim KERNEL=6.1 MEM=1024 SEED=1 N="$(compared_n)" SWAP=$(lastword $(subst -, ,$v)) $(cases))))

# All numbers of the compared runs, each under a name like disk.profile3-7.major.
compared_paths := $(foreach v,$(compared),$(compared_runs:%=results/$v/%))

build/facts.tsv: build/reduce $(foreach r,$(compared_paths),$(call reduced,$r) $r.meta.tsv)
	@facts() { for run in $(compared_paths); do \
		variant=$${run%/*}; name=$${variant##*-}.$${run##*/}; \
		build/reduce facts -z $(call meta,$$run.meta.tsv,hz) \
			$$name $$run.data build/records/$${run#*/}.tsv $$run.work $$run.counters.tsv || exit; \
		sed "s/^/$$name.meta./" $$run.meta.tsv; \
	done; }; $(whole) facts

theory_tables := results/$(compared_theory)/theory.misses.tsv results/$(compared_theory)/theory.touches.tsv

# A row of a table becomes facts, each named NAME.KEY.COLUMN by the columns of its key.
# $(call rows,NAME,KEY COLUMNS,FILE)
rows = awk -F '\t' -v name=$1 -v keys="$2" 'NR == 1 { split($$0, column); nr = split(keys, key, " "); next } \
	{ for (i = 1; i <= NF; i++) value[column[i]] = $$i; row = ""; for (i = 1; i <= nr; i++) row = row value[key[i]]; \
	for (i = 1; i <= NF; i++) print name "." row "." column[i] "\t" $$i }' $3

bench_tables := $(addprefix results/$(compared_bench)/,cost.tsv register.tsv slow.tsv delay.tsv read.tsv rate.tsv) \
	results/$(compared_ratios)/cost.tsv

build/facts-tables.tsv: $(theory_tables) results/$(swept)/sweep.tsv results/$(swept)/knee.tsv results/$(swept)/case3.seeds.tsv \
		$(bench_tables)
	@facts() { $(call rows,misses,mode mb,results/$(compared_theory)/theory.misses.tsv) && \
	$(call rows,touches,accesses,results/$(compared_theory)/theory.touches.tsv) && \
	$(call rows,cost,tool processes,results/$(compared_bench)/cost.tsv) && \
	$(call rows,register,processes,results/$(compared_bench)/register.tsv) && \
	$(call rows,tcg.cost,tool processes,results/$(compared_ratios)/cost.tsv) && \
	$(call rows,slow,tool,results/$(compared_bench)/slow.tsv) && \
	$(call rows,delay,from,results/$(compared_bench)/delay.tsv) && \
	$(call rows,read,reader,results/$(compared_bench)/read.tsv) && \
	$(call rows,rate,state sampler,results/$(compared_bench)/rate.tsv) && \
	$(call rows,sweep,n,results/$(swept)/sweep.tsv) && $(call rows,knee,rule,results/$(swept)/knee.tsv) && \
	$(call rows,seeds,n,results/$(swept)/case3.seeds.tsv); }; $(whole) facts

build/facts-all.tsv: build/facts.tsv build/facts-tables.tsv
	@$(whole) cat $^

# Each is run again every time.
verified := $(or $(RUNS),$(compared_paths:results/%=%) $(compared_theory)/theory)
$(verified:%=build/verify/%): build/verify/%: tools build/reduce FORCE | deps-machine
	@. experiments/atomic; alone $@; experiments/verify results/$* $@
verify: $(verified:%=build/verify/%)
FORCE:

report.md: experiments/report.awk experiments/report.md.in build/facts-all.tsv $(compared:%=results/%/case3.tsv) \
		plots/$(compared_theory)/theory.svg plots/$(compared_bench)/bench.svg \
		plots/$(swept)/sweep.svg plots/$(swept)/case3.seeds.svg \
		$(comparison)/case3.svg $(foreach c,$(cases),plots/$(firstword $(compared))/$c.svg)
	@$(whole) awk -f experiments/report.awk build/facts-all.tsv experiments/report.md.in
