# SPDX-License-Identifier: GPL-2.0
# The virtual memory profiler's experiments. `make` alone prints help.
#
# Knobs, as in `make SWAP="disk ssd" case3`. MACHINE, KERNEL, MEM, SWAP, SEED and N are axes: each
# may be a list, and 1..7 is one; a case is run for all combinations.

## MACHINE  sim     where a case runs: sim, tcg, kvm or host (host needs root)
MACHINE ?= sim
## KERNEL   6.1     a row of experiments/machine/kernels.tsv, or path/to/bzImage with KDIR=path/to/build
KERNEL  ?= 6.1
## MEM      -       MiB of memory, beside what the swap store takes; what the case says, or 1024
MEM     ?=
## SWAP     -       swap model: disk, hdd, ssd, zram or none; disk:4096 is one of 4096 MiB; as the case says, or disk
SWAP    ?=
## SEED     1       of the machine and of the workloads
SEED    ?= $(if $(SEEDS),1..$(SEEDS),1)
## SEEDS    -       7 is SEED=1..7: their median has an interval
SEEDS   ?=
## N        -       a case's arguments, one run each; case3: how many processes run at a time, 1 5 7 11
N       ?=
## KNOBS    -       of the kernel, as in KNOBS="vm.swappiness=10 boot:transparent_hugepage=never"
KNOBS   ?=
## CASES    case1 case2 case3  of which plots draws figures, and list tells the runs
CASES   ?= $(filter case1 case2 case3,$(cases))
## A B ..G  -       what compare compares, each axes and knobs: A="KERNEL=6.1" B="KERNEL=6.12 vm.swappiness=10"
configurations := A B C D E F G
## OF       -       instead of A B ..G, a list of experiments/configurations/, as kernels
OF      ?=
## COMMAND  -       of which curve finds out how much memory it needs, as in COMMAND='gcc -O2 big.c'
COMMAND =
## PACKAGES -       that it is in; make pin PACKAGES=... writes down their versions
PACKAGES =
## ROOT     -       instead of packages, a directory or a tar with the root that it is in
ROOT    =
## FILES    -       that go into the machine beside it
FILES   =
## NAME     -       of its curve, instead of the program's
NAME    =
## BY       cgroup  what limits it: its control group, or the memory of the machine
BY      ?= cgroup
## FAIL_IF  -       what makes compare fail, as in FAIL_IF='major > 5%': B has 5% more than A, and it is seen
FAIL_IF ?=
## RUNS     -       what verify runs again, or a capsule holds, as in sim-6.1-1024-disk-1/case1; all from virtual time in results/
RUNS    ?=
## LAUNCH   -       what boots the machines on other hosts, as in make -j200 LAUNCH='srun -n1 -c1 --mem={mb}M' case3
LAUNCH  ?=
## TRIES    3       how often a machine is tried that LAUNCH did not start, or lost with its host
TRIES   ?= 3
## HOSTS    -       among which farm shares the runs of CASES, a file of lines like 8/ssh alpha
HOSTS   ?=
## BACK     -       how a node of Slurm calls this host, for array, as BACK='ssh THIS-HOST'
BACK    ?=
## AUDIT    -       5%: that share of the runs is made on two different hosts, and compared
AUDIT   ?=
## AUTO_DEPS 1      install missing packages with apt-get; 0 only says which
AUTO_DEPS ?= 1
## KERNELS  -       in which test-kernels tests, and test-debug; the rows of each, KERNEL:4 has four CPUs
## OPERATIONS 100000  of the fuzzer, in each of them
OPERATIONS ?= 100000
## HOURS    24      that a soak takes in the machine
HOURS   ?= 24

axes  := MACHINE KERNEL MEM SWAP SEED N KNOBS
knobs := $(axes) SEEDS CASES $(configurations) OF FAIL_IF COMMAND PACKAGES ROOT FILES NAME BY RUNS LAUNCH TRIES HOSTS BACK AUDIT AUTO_DEPS KERNELS OPERATIONS HOURS KDIR QEMU \
	DEBIAN_MIRROR DEBIAN_KEYRING CC CFLAGS LDFLAGS prefix DESTDIR
CFLAGS ?= -O2

ifeq ($(wildcard experiments/environment.mk),)
$(error this is not the tree's top directory: make -C $(dir $(lastword $(MAKEFILE_LIST))))
endif
include experiments/environment.mk
MAKEFLAGS += --no-builtin-rules
# Nothing that was made is removed as a step between; which FORCE must not be, or it forces nothing.
.DELETE_ON_ERROR:
.SECONDARY:
.SECONDEXPANSION:
.PHONY: FORCE
.DEFAULT_GOAL := help
FORCE:

include experiments/report/report.mk experiments/runs.mk experiments/tables/tables.mk experiments/measure/measure.mk plots/plots.mk

# What is asked for in the same breath as a figure comes before it.
before_figures := $(filter $(asked) results bench,$(MAKECMDGOALS))

# ----- verbs -----------------------------------------------------------------

test_needs   := deps-test deps-plots deps-reduce tools
jobs         := $(shell nproc)
side_by_side := $(if $(filter-out 1,$(jobs)),--jobs $(jobs) --no-parallelize-within-files)

help: ## this text
	@echo "The virtual memory profiler's experiments"
	@echo; echo "Verbs:"
	@sed -n 's/^\([a-z0-9 -]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 24
	@for case in $(cases); do sed -n "1s/# \([^ ]*\) - /  \1\t/p" experiments/cases/$$case; done | expand -t 24
	@echo; echo "Knobs, with their defaults:"
	@sed -n 's/^## /  /p' Makefile

results: $$(audits) $$(addprefix build/rows/,$$(report_rows)) ## run all that report.md is made of, unless the same is there
plots: | $(before_figures) ## draw the figures of CASES from results/
	@+$(MAKE) -s nothing $(call rows,-f $(CASES))
report: | $(before_figures) $(filter plots,$(MAKECMDGOALS)) ## write report.md from results/
	@+$(MAKE) -s report.md
list: $(needed) ## which runs CASES consist of, and whether their results are there
	@$(axes_set) experiments/rows -p $(CASES) | $(axes_set) experiments/list
farm: build/reduce $(needed) | deps-farm ## run CASES on many hosts that share nothing, see experiments/farm -h
	@$(if $(HOSTS),list=$$($(MAKE) -s list CASES='$(CASES)') && printf '%s\n' "$$list" | $(axes_set) experiments/farm $(if $(AUDIT),-a '$(AUDIT)') '$(HOSTS)',echo "farm: among which HOSTS?" >&2; exit 2)
array: build/reduce $(needed) ## run CASES as array jobs of a Slurm whose nodes share nothing with this host, see experiments/array -h
	@list=$$($(MAKE) -s list CASES='$(CASES)') && printf '%s\n' "$$list" | $(axes_set) experiments/array $(if $(AUDIT),-a '$(AUDIT)')
progress: ## how far the runs are that were started last, here or from another terminal
	@experiments/matrix show
verify: $$(verified) ## run what lies in results/ again, and compare
	@$(if $(verified),:,echo "verify: nothing lies in results/" >&2; exit 1)

compare: $$(compared) build/compare build/reduce build/tabulate | deps-plots ## which of two configurations or more is better, by CASES with several SEEDS
	@$(axes_set) experiments/compare $(if $(FAIL_IF),-f '$(FAIL_IF)') $(compare_words)

curve: build/reduce build/tabulate $(if $(call typed,COMMAND),,$(needed)) | deps-plots ## how much memory COMMAND needs, or each of CASES: its time over memory
	@$(axes_set) experiments/curve $(curve_words)

comparisons: ## those of the report, again: which kernel thrashes least, what knobs do; an hour or two

capsule: $(if $(capsuled),$(call rows,-x $(RUNS))) ## a file that repeats RUNS on any x86-64 Linux with a shell and tar
	@$(if $(capsuled),mkdir -p build/capsules && experiments/capsule "build/capsules/$$(echo '$(RUNS)' | tr '/ ' '_+' | cut -c 1-200).tar" $$(experiments/rows -p $(RUNS)),\
		echo "capsule: of which RUNS?" >&2; exit 2)

repetitions: ## repeat a short run 50 times, and seven processes 5 times, whatever the host does

test: $(test_needs) ## the tests: bats bats/
	@echo "test: two machines run beside the first files; a file's results are shown when it is done"
	@bats $(side_by_side) bats/
test-quick: $(test_needs) ## those that boot no machine
	@bats $(side_by_side) --filter-tags '!guest' bats/
test-long: $(test_needs) ## what takes long: repeated runs, an hour of soak, sanitized programs, what knobs do
	@echo "test-long: some minutes for each file"
	@HOURS=1 bats $(side_by_side) bats/long/
test-elsewhere: $(test_needs) deps-elsewhere ## the tests on Debian 13, in a root of its own; as root
	@echo "test-elsewhere: three minutes for the root, and then all tests there"
	@bats bats/elsewhere/
test-bisect: $(test_needs) deps-source ## a search by git bisect, in a kernel that is compiled for it; an hour
	@bats bats/compiled/
test-many: $(test_needs) deps-many deps-farm ## on more than one machine: a Slurm and hosts, which the tests make; as root
	@bats bats/many/
test-all: test ## all of them
	@+$(MAKE) -s test-long
	@+$(MAKE) -s test-many
	@+$(MAKE) -s test-bisect
	@+$(MAKE) -s test-elsewhere

test-kernels: KERNELS ?= 5.10 6.1 6.12 7.3 6.1-arm64 6.12-arm64-16k 6.1:4
test-kernels: $(test_needs) ## the module's and monitor's tests in other kernels, on arm64, with more CPUs
	@bats/lib/in-kernels $(KERNELS)

test-debug: KERNELS ?= debug kcsan rt
test-debug: $(test_needs) deps-source ## the module's tests in kernels that check themselves
	@for kernel in $(KERNELS); do experiments/machine/kernel $$kernel || exit; done
	@for kernel in $(KERNELS); do \
		echo "kernel: $$kernel" && KERNEL=$$kernel bats $(addprefix bats/,record.bats module.bats access.bats disturbed.bats) bats/debug || exit; \
	done

soak: $(test_needs) ## a day of virtual time, with processes coming and going
	@HOURS=$(HOURS) bats bats/long/soak.bats

check: $(test_needs) ## what looks for mistakes in the sources; a part of test
	@bats bats/source.bats

shell: ## a prompt in the machine
	@$(axes_set) experiments/lab

install uninstall: ## the tools, their manual and the module's source (DESTDIR, prefix)
	@$(MAKE) -s -C mp3 $@

pin: ## use the distribution's packages of today: rewrites experiments/machine/pinned.tsv
	@experiments/machine/pin $(if $(PACKAGES),-p $(PACKAGES))

clean: ## remove what was built; results/ and plots/ stay
	rm -rf build
	@$(MAKE) -s -C mp3 clean

.PHONY: progress farm array pin curve compare comparisons capsule repetitions help results plots report list verify test test-quick test-long test-many test-bisect test-elsewhere test-all test-kernels test-debug soak check shell install uninstall clean tools

# ----- packages --------------------------------------------------------------

packages_tools   := libncurses-dev
packages_reduce  := libgsl-dev
packages_plots   := gnuplot-nox
packages_source  := flex bison bc libelf-dev
packages_elsewhere := mmdebstrap
packages_farm    := parallel openssh-client
packages_many    := slurm-wlm munge openssh-server iproute2
packages_repetitions := qemu-user-static
packages_test    := bats bats-support bats-assert parallel shellcheck libgsl-dev jq tmux ncurses-base mandoc dkms linux-perf locales sparse cppcheck gpg gpg-agent bsdextrautils

# Run each time, and silent when there is nothing to install. What goes into a machine is not installed,
# but comes from packages of its own: experiments/machine/tools.
deps := deps-farm deps-tools deps-reduce deps-plots deps-source deps-test deps-elsewhere deps-many deps-repetitions
$(deps): deps-%:
	@experiments/packages $(packages_$*)
.PHONY: $(deps)
