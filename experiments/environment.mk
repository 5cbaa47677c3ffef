# environment.mk - what make and its recipes take from the user: the knobs of the Makefile that
# includes this, from the command line or the environment; of the environment, what
# experiments/environment lets in; and a path that they can take.

# One place for the locale: all that parses or prints numbers, or reads another program's words.
export LC_ALL := C.UTF-8

ifneq ($(shell pwd | grep -c '[^A-Za-z0-9/._+@~-]'),0)
$(error the tree lies in '$(CURDIR)', and make, the kernel's build and QEMU cannot take each character of that: only A-Z a-z 0-9 / . _ + @ ~ and -)
endif
ifneq ($(words $(MAKEFILE_LIST)),2)
$(error MAKEFILES is set: unset it)
endif

# A variable that is none of ours would be ignored, or override what is not the user's.
given := $(foreach v,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $v))),$v))
ifneq ($(filter-out $(knobs),$(given)),)
$(error no such knob: $(firstword $(filter-out $(knobs),$(given))) (make help lists them; they are case-sensitive))
endif

let_in := $(shell sed -n "/^let_in='/,/'$$/p" experiments/environment | tr -d "'" | sed 's/let_in=//')
unexport $(filter-out $(let_in) LC_ALL,$(foreach v,$(.VARIABLES),$(if $(filter environment,$(firstword $(origin $v))),$v)))
export AUTO_DEPS OPERATIONS LAUNCH TRIES BACK
