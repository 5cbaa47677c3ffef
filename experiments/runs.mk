# runs.mk - from a goal to its rows, and from a row to its results
#
# A case of experiments/cases/ is a goal. Its rows are what experiments/rows says of the axes;
# each is a target build/rows/ROW, which experiments/run makes unless results of the same inputs
# are there. The dates of files decide nothing about it.

cases := $(notdir $(wildcard experiments/cases/*))
asked := $(filter $(cases),$(MAKECMDGOALS)) $(if $(filter bench,$(MAKECMDGOALS)),$(filter bench-%,$(cases)))

comma := ,
space := $() $()

# The axes, as the environment of a command.
axes_set := $(foreach a,$(axes),$a='$(subst ','\'',$($a))')

# $(call said_by,COMMAND): what it prints, of these axes; what it complains of, if it fails, ends make
said_by = $(or $(strip $(shell $(axes_set) $1 2> /dev/null)),$(if $(filter-out 0,$(.SHELLSTATUS)),$(call complain,$(shell $(axes_set) $1 2>&1))))
# $(call rows,ARGUMENTS): what experiments/rows prints
rows = $(call said_by,experiments/rows $1)
complain = $(if $1,$(error $1))

# $(call files_of,ROW[,quiet]): what has to be built before it is run; quiet, nothing if there is no such row.
# It is the same for all rows of a case in a kernel, and there may be thousands of them: so rows is asked for the
# first one alone. A kernel's name may begin with another one's, 6.1-arm64 with 6.1; all that fit tell which it is.
# One that has none in kernels.tsv, nor a path in KERNEL, as a host's, is asked for each row.
files_of = $(call files_by,$1,$2,$(notdir $1),$(subst $(space),+,$(strip $(foreach k,$(kernel_names),$(if $(filter $(firstword $(subst -, ,$1))-$k-%,$1),$k)))))
files_by = $(if $4,$(call files_kept,$1,$2,files/$4/$(or $(filter $3,$(cases)),$(patsubst %-$(lastword $(subst -, ,$3)),%,$3))),$(call files_said,$1,$2))
files_kept = $(if $(filter undefined,$(origin $3)),$(eval $3 := $(call files_said,$1,$2)))$($3)
files_said = $(if $2,$(shell $(axes_set) experiments/rows -x $1 2> /dev/null),$(call rows,-x $1))
kernel_names = $(eval kernel_names := $(shell sed '/^#/d' experiments/machine/kernels.tsv | sed 1d | cut -f 1) \
	$(foreach k,$(subst $(comma), ,$(KERNEL)),$(if $(findstring /,$k),$(patsubst vmlinuz-%,%,$(notdir $k)))))$(kernel_names)

# Before anything runs: that all goals and axes are as they should be; and what is to be built
# for their rows.
goals  := $(or $(strip $(asked) $(if $(filter results,$(MAKECMDGOALS)),$(report_sets))),$(CASES))
needed := $(if $(goals),$(call rows,-x $(goals)))

# $(call unknown_rows,GOALS): without those whose results are known to be of the same inputs. There may be thousands, and
# run takes a second to look at each.
# What is on the command line, a $(shell) does not get by itself.
unknown_rows = $(call said_by,experiments/rows -p $1 | $(axes_set) $(made_with) experiments/list -k)
made_with = $(foreach v,CC CFLAGS LDFLAGS KDIR QEMU,$(if $(filter command%,$(origin $v)),$v='$(subst ','\'',$($v))'))

report_rows := $(if $(filter results,$(MAKECMDGOALS)),$(call unknown_rows,$(report_sets)))

# The rows of those alone that are asked for: make expands the prerequisites of all.
ifneq ($(strip $(asked)),)
asked_rows := $(call unknown_rows,$(asked))
# A run that is made twice comes first: what an audit finds is better known early.
$(asked): $$(audits) $$(addprefix build/rows/,$$(filter $$(asked_rows),$$(call rows,-p $$@)))
endif
$(cases): | deps-plots
	@+$(MAKE) -s nothing $(call rows,-f $@)
nothing:	# a goal, where a case has no figure
.PHONY: $(cases) nothing

# $(call in_configuration,COMMAND ROW): run or verify, as the row is; of a comparison, by what its
# configuration says of KERNEL and KDIR, see below
in_configuration = experiments/$1

bench: bench-cost bench-work bench-rate
.PHONY: bench

build/rows/%: FORCE build/reduce $(needed)
	@exec env $(axes_set) $(call in_configuration,run $*)

# Results that a table or a figure needs, and that are not there. What is there is taken as it is.
results/%/meta.tsv: | build/reduce $$(call files_of,$$*)
	@exec env $(axes_set) experiments/run $*

capsuled := $(if $(filter capsule,$(MAKECMDGOALS)),$(if $(RUNS),$(call rows,-p $(RUNS))))
verified = $(addprefix build/verify/,$(if $(RUNS),$(call rows,-p $(RUNS)),$(patsubst results/%/meta.tsv,%,$(foreach m,$(wildcard results/sim-*/*/meta.tsv),$(if $(findstring +time:,$m),,$m)))))
build/verify/%: FORCE build/reduce build/tabulate $$(call files_of,$$*,quiet)
	@exec experiments/verify $*

# The configurations that are given on the command line. Their runs; and the first one of A again.
compare_words = $(if $(OF),-l '$(subst ','\'',$(OF))') $(foreach c,$(configurations),$(if $(filter command%,$(origin $c)),$c '$(subst ','\'',$($c))')) -- $(CASES)
ifneq ($(filter compare,$(MAKECMDGOALS)),)
compare_rows := $(call said_by,experiments/compare -r $(compare_words))
compared = $(audits) $(addprefix build/rows/,$(compare_rows)) build/repeated/$(firstword $(compare_rows))
in_configuration = experiments/compare -x '$1' $(compare_words)
build/repeated/%: build/rows/%
	@mkdir -p $(@D)
	@cmp -s results/$*/meta.tsv $@ || { $(axes_set) $(call in_configuration,verify $*) && cp results/$*/meta.tsv $@; }
endif

# All runs that are asked for are a matrix, which tells how far it is; with AUDIT, some of them are made twice, on different hosts.
matrix_sets := $(strip $(asked) $(if $(filter results,$(MAKECMDGOALS)),$(report_sets)))
matrix_all  := $(if $(matrix_sets),$(call rows,-p $(matrix_sets))) $(compare_rows)
matrix_rows := $(asked_rows) $(report_rows) $(compare_rows)
ifneq ($(and $(AUDIT),$(strip $(matrix_all))),)
ifeq ($(findstring {not},$(LAUNCH)),)
$(error AUDIT: which other hosts there are is for LAUNCH to say, with a word like --exclude={not})
endif
endif
MATRIX :=
ifneq ($(if $(findstring n,$(firstword -$(MAKEFLAGS))),,$(or $(word 2,$(matrix_rows)),$(if $(AUDIT),$(strip $(matrix_all))))),)
MATRIX := $(shell mkdir -p build/matrix && mktemp -d "$(CURDIR)/build/matrix/$$(date +%Y%m%d-%H%M%S).XXX")
export MATRIX
$(file > $(MATRIX)/all,$(matrix_all))
$(file > $(MATRIX)/rows,$(matrix_rows))
$(call said_by,experiments/matrix new $(MATRIX) $(AUDIT))
audits := $(if $(AUDIT),$(addprefix build/audit/,$(shell sed -n 's|^audit/||p' $(MATRIX)/runs)))
endif
build/audit/%: FORCE build/rows/%
	@exec env $(axes_set) $(call in_configuration,verify -a $*)

curve_words = $(if $(filter cgroup machine,$(BY)),,$(error BY: $(BY) is neither cgroup nor machine))$(if $(filter machine,$(BY)),-m) $(if $(call typed,COMMAND),$(foreach o,c:COMMAND p:PACKAGES r:ROOT f:FILES n:NAME,$(call curve_word,$(subst :, ,$o))),\
	$(if $(filter command%,$(origin CASES)),$(CASES)))
# what is on the command line, as it was typed: a $ in it is the command's, and a NAME of the environment another one's
typed = $(if $(filter command%,$(origin $1)),$(value $1))
curve_word = $(if $(call typed,$(word 2,$1)),-$(word 1,$1) '$(subst ','\'',$(call typed,$(word 2,$1)))')

# A curve that a table or a figure needs, and that is not there.
results/%.curve.tsv results/%.limits.tsv &: | build/reduce build/tabulate $$(call files_of,$$*) deps-plots
	@$(axes_set) experiments/curve $*

# Those of the report, one after the other; an hour or two.
comparisons:
	@+sed '/^#/d' experiments/report/comparisons | while IFS='	' read -r name of case axes; do \
		echo "$$name" && $(MAKE) -s compare OF=$$of CASES=$$case $$axes < /dev/null > build/comparison.md || exit; \
	done

# The claim that runs repeat themselves, put to the test; an hour or so, so only when it is asked for.
repeated := sim-6.1-1024-disk-1/case3-7
ifneq ($(filter repetitions results/repetitions.tsv,$(MAKECMDGOALS)),)
repetitions: results/repetitions.tsv
results/repetitions.tsv: FORCE results/$(repeated)/meta.tsv | deps-repetitions
	@mkdir -p build/capsules
	@experiments/lab -M 160 -S ssd:512 --capsule build/capsules/short.tar -- sh -c \
		'nice ./work -n 2 240 R 20000 2> $$OUT/work; ./monitor > $$OUT/short.data'
	@experiments/capsule build/capsules/case3-7.tar $(repeated)
	@$(whole) experiments/repetitions short=build/capsules/short.tar:50 case3-7=build/capsules/case3-7.tar:5
endif

tools: | deps-tools
	@$(alone); $(MAKE) -s -C mp3 tools

# A file appears when it is whole, and one make at a time makes it.
alone = . experiments/atomic; alone $@
whole = . experiments/atomic; whole $@
