# Cornerstone. "make help" lists the targets.
#
# Outside the build root this file only gets the root (iso/buildroot.sh) and passes the
# targets on to itself inside it (iso/enter.sh). Inside, it is one non-recursive makefile
# whose modules, and what each may use, come from the table in docs/ARCHITECTURE.md.

MAKEFLAGS += --no-builtin-rules --no-print-directory
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

BUILD ?= build
TESTDATA ?= ../shared/data
JOBS ?= $(shell nproc)
T ?=
SAN ?=
COVER ?=
FUZZ_SECONDS ?= 10
WORLD ?= rehearsal
export TESTDATA CACHE INSTALL LOCKED FUZZ_SECONDS

IN_ROOT ?= $(CORNERSTONE_ROOT)
PROGRAMS := ceremony sanctum firmware-cache crosscheck
HELPERS := softtpm firmware-cache-collect
EXIT_STATUS_SO := $(BUILD)/tool/exit-status.so

ifeq ($(IN_ROOT),)
# ---------------------------------------------------------------- on the machine itself

HOST_PACKAGES := mmdebstrap debian-archive-keyring util-linux mount
ifneq ($(shell id -u),0)
HOST_PACKAGES += uidmap
endif

INNER = iso/enter.sh "" make IN_ROOT=1 $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(JOBS))
PASSED := all check check-vm check-san rehearse run play demo iso iso-verify iso-keys iso-sign \
	iso-attest bench lint \
	format fuzz screens image-bins kernel compile_commands.json clean

# For the image's provenance; the build root has no git.
ifndef SOURCE_COMMIT
SOURCE_COMMIT := $(shell [ -e .git ] && c=$$(git rev-parse HEAD 2>/dev/null) && \
	echo $$c$$(git status --porcelain | grep -q . && echo -dirty))
endif
export SOURCE_COMMIT

.NOTPARALLEL:
.PHONY: $(PASSED) $(PROGRAMS) $(PROGRAMS:%=.run-%) help setup sh iso-relock iso-sources FORCE

$(filter-out check-san fuzz,$(PASSED)): setup
	+@$(INNER) $@

check-san: setup
	+@$(INNER) BUILD=$(BUILD)/san SAN=address,undefined check

fuzz: setup
	+@$(INNER) BUILD=$(BUILD)/fuzz SAN=address,undefined COVER=-fsanitize-coverage=trace-pc fuzz

# Any file of the build, made inside the root: make build/bin/sanctum
$(BUILD)/bin/%: setup FORCE
	+@$(INNER) $@

$(BUILD)/image/%: setup FORCE
	+@$(INNER) $@

setup:
	@[ -d "$$(iso/buildroot.sh --path)" ] || { iso/buildroot-setup.sh $(HOST_PACKAGES); \
		iso/buildroot.sh >/dev/null; }

iso-relock:
	@iso/buildroot-setup.sh $(HOST_PACKAGES)
	@iso/buildroot.sh --relock

iso-sources: setup
	+@$(INNER) iso
	@iso/collect-sources $(BUILD)

# A built program with this terminal and exit status. GNU make itself would turn every
# failure into 2 and add a line of its own, so a small loadable function ends make with
# the program's status. "make sh" goes the same way.
ifneq ($(filter $(PROGRAMS) sh,$(MAKECMDGOALS)),)
-load $(EXIT_STATUS_SO)(exit_status_setup)
$(EXIT_STATUS_SO): iso/exit-status.c | setup
	@$(INNER) -s $@ >&2
STATUS_FILE := $(BUILD)/tool/status.$(shell echo $$PPID)
endif

$(PROGRAMS:%=.run-%): .run-%: setup
	+@$(INNER) -s $(BUILD)/bin/$* >&2
	@iso/enter.sh "" $(BUILD)/bin/$* $(ARGS) || echo $$? >$(STATUS_FILE)

.run-sh: setup
	@iso/enter.sh "" bash $${CMD:+-c "$$CMD"} || echo $$? >$(STATUS_FILE)

$(PROGRAMS) sh: %: .run-%
	@$(and $(wildcard $(STATUS_FILE)),$(exit-status $(shell cat $(STATUS_FILE); rm -f $(STATUS_FILE))))
	@[ ! -f $(STATUS_FILE) ] || { s=$$(cat $(STATUS_FILE)); rm -f $(STATUS_FILE); exit $$s; }

define HELP
Cornerstone: targets (everything needed is fetched into a cache and built on the way)

  make rehearse     the ceremony in this terminal, software TPM; PLAY=FILE OUT=DIR plays an
                    answer file and leaves OUT/bundle
  make run          the image in QEMU on this terminal, sticks as files under $(BUILD)/run/
  make play         the image in QEMU plays a whole ceremony by keystrokes; MODE= WORLD= CONSOLE=
  make demo         a rehearsal, its verification, one flipped byte and the refusal

  make              all programs, in $(BUILD)/bin/
  make check        the tests that need no VM; T=GLOB selects by file name
  make check-vm     the tests that boot the image
  make check-san    make check under the address and undefined-behaviour sanitizers
  make lint         form, layers, bans, sizes; make format FILES=... lays C files out
  make fuzz         the parsers under random input; T=GLOB, FUZZ_SECONDS=$(FUZZ_SECONDS) each
  make bench        one line per figure: name value unit yardstick ratio
  make screens      the text of every screen
  make iso          $(BUILD)/cornerstone.iso; beside it measurements.json, sbom.spdx.json,
                    provenance.json and SHA256SUMS over all
  make iso-verify   builds it again, as somebody else, elsewhere, later; and compares
  make iso-relock   a build root of what the archive has now; iso/packages.lock follows
  make iso-sources  $(BUILD)/sources: of what in the image is under a GPL or LGPL
  make iso-keys     Secure Boot keys of a site, in a new folder: KEYS=DIR SITE="name"
  make iso-sign     $(BUILD)/cornerstone-signed.iso: KEYS=DIR, FROM=FILE.iso (the built one)
  make iso-attest   a builder's signature over SHA256SUMS: KEY=FILE NAME=builder; KEY=new:FILE
                    makes the key
  make sh           a shell in the build root; CMD='...' runs one command
  make clean        removes $(BUILD)/

  make -s ceremony|sanctum|firmware-cache|crosscheck ARGS="..."
                    runs the built program inside the build root, in this directory; exit
                    status and last line are the program's

Variables: BUILD=$(BUILD)  CACHE=(~/.cache/cornerstone)  TESTDATA=$(TESTDATA)
           JOBS=$(JOBS)  INSTALL=no (print the Debian packages this machine lacks, install none)
           LOCKED=1 (refuse a build root that is not what iso/packages.lock says)
endef

help:
	$(info $(HELP))
	@:

else
# ---------------------------------------------------------------- inside the build root

.PHONY: all check lint format fuzz bench screens image-bins tests clean FORCE \
	compile_commands.json

# ---- modules, from the architecture's table

include $(BUILD)/deps.mk
$(BUILD)/deps.mk: docs/ARCHITECTURE.md tests/lint-layers.awk Makefile
	@mkdir -p $(@D)
	@awk -f tests/lint-layers.awk -v mode=mk $< >$@.tmp
	@for p in $$(sed -n 's/^PKG[^:]*:= *//p' $@.tmp | tr ' ' '\n' | sort -u) cmocka; do \
		echo "CFLAGS.$$p := $$(pkg-config --cflags $$p)"; \
		echo "LIBS.$$p := $$(pkg-config --libs $$p)"; \
	done >>$@.tmp
	@mv $@.tmp $@

# ---- flags

CC := gcc
WARN := -Wall -Wextra -Werror -Wconversion -Wsign-conversion -Wswitch-enum -Wshadow \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wvla -Walloca \
	-Wundef -Wpointer-arith -Wcast-qual -Wwrite-strings -Wformat=2 -Wnull-dereference \
	-Wimplicit-fallthrough -Wduplicated-cond -Wlogical-op
HARDEN := -fstack-protector-strong -D_FORTIFY_SOURCE=3 -fcf-protection \
	-ftrivial-auto-var-init=zero -fstack-clash-protection
ifneq ($(SAN),)
HARDEN := -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
CFLAGS := -std=gnu17 -O2 -g -D_GNU_SOURCE= -I. -fPIE -fno-strict-aliasing -fno-common \
	-ffunction-sections -fdata-sections $(HARDEN) $(WARN)
# not among the flags that rebuild everything: a copy of the folder compiles the same
PREFIX_MAP = -ffile-prefix-map=$(CURDIR)=.
LDFLAGS := -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed -Wl,--gc-sections \
	$(if $(SAN),-fsanitize=$(SAN))
# cmocka's macros convert integers
TEST_CFLAGS := -Wno-conversion -Wno-sign-conversion -Wno-null-dereference

pkg_cflags = $(foreach p,$(PKG.$(1)),$(CFLAGS.$(p)))
pkg_libs = $(foreach p,$(PKG.$(1)),$(LIBS.$(p)))
lib = $(BUILD)/lib/$(subst /,-,$(1)).a
# $(call module_of,source): the module whose folder it is in, or nothing
module_of = $(filter $(patsubst %/,%,$(dir $(1))),$(MODULES))

# The floor for the clock, and the only command line it accepts, are in the program itself.
DEFS.ceremony/cmd := -DSN_BUILD_DATE='"$(strip $(shell cat iso/build-date))"' \
	-DSN_COMMAND_LINE='"$(strip $(shell cat iso/cmdline))"'
$(BUILD)/obj/ceremony/cmd/selftest.o $(BUILD)/image/obj/ceremony/cmd/selftest.o: iso/cmdline

# ---- objects and archives: $(call module,NAME,object folder,archive folder,more flags)

objects = $(patsubst %.c,$(2)/%.o,$(filter-out %/main.c %_test.c %_fuzz.c %_bench.c,$(wildcard $(1)/*.c)))
# an archive's list of objects is its prerequisite, so that a removed source leaves it
define module
ifneq ($(strip $(file <$(3)/$(subst /,-,$(1)).list)),$(strip objects: $(call objects,$(1),$(2))))
$$(shell mkdir -p $(3))
$$(file >$(3)/$(subst /,-,$(1)).list,objects: $(call objects,$(1),$(2)))
endif
$(3)/$(subst /,-,$(1)).a: $(call objects,$(1),$(2)) $(3)/$(subst /,-,$(1)).list
	@rm -f $$@
	@ar rcsD $$@ $$(filter %.o,$$^)
$(2)/$(1)/%.o: $(1)/%.c $(BUILD)/flags
	@mkdir -p $$(@D)
	@echo "  CC    $$<"
	@$(CC) $(CFLAGS) $(PREFIX_MAP) $(COVER) $(call pkg_cflags,$(1)) $(DEFS.$(1)) $(4) -MMD -MP -c -o $$@ $$<
endef

SRCS := $(foreach m,$(MODULES),$(wildcard $(m)/*.c))
$(foreach m,$(MODULES),$(eval $(call module,$(m),$(BUILD)/obj,$(BUILD)/lib,)))
$(foreach m,$(MODULES),$(eval $(call module,$(m),$(BUILD)/image/obj,$(BUILD)/image/lib,-DSN_IMAGE=1)))

# Changed flags, or another version of anything in the root, rebuild everything.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@{ echo '$(CFLAGS) $(COVER) $(LDFLAGS)'; cat iso/build-date; \
		sha256sum </.cornerstone/versions; } >$@.new; cmp -s $@.new $@ || cp $@.new $@

# ---- programs: name, module; main() is in the module's main.c

MODULE.ceremony := ceremony/cmd
MODULE.sanctum := ceremony/node
MODULE.firmware-cache := firmware-cache/cmd
MODULE.crosscheck := appliance/crosscheck
MODULE.softtpm := appliance/softtpm
MODULE.firmware-cache-collect := firmware-cache/collect
BINARIES := $(foreach p,$(PROGRAMS) $(HELPERS),$(if $(wildcard $(MODULE.$(p))/main.c),$(p)))

# $(call link,output,object folder,archive folder,module,modules left out)
define link
$(1): $(2)/$(4)/main.o $(foreach m,$(filter-out $(5),$(ALL.$(4))),$(3)/$(subst /,-,$(m)).a)
	@mkdir -p $$(@D)
	@echo "  LD    $$@"
	@$(CC) $(LDFLAGS) -o $$@ $$< -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group \
		$(call pkg_libs,$(4))
endef

$(foreach p,$(PROGRAMS) $(HELPERS),$(eval \
	$(call link,$(BUILD)/bin/$(p),$(BUILD)/obj,$(BUILD)/lib,$(MODULE.$(p)),)))

# The network is in a program of its own, which the one that starts it finds beside itself.
$(BUILD)/bin/firmware-cache: | $(BUILD)/bin/firmware-cache-collect

# The image's executables; the answer-file driver is not in it.
$(eval $(call link,$(BUILD)/image/init,$(BUILD)/image/obj,$(BUILD)/image/lib,ceremony/cmd,ceremony/script))
$(eval $(call link,$(BUILD)/image/crosscheck,$(BUILD)/image/obj,$(BUILD)/image/lib,appliance/crosscheck,))
$(eval $(call link,$(BUILD)/image/softtpm,$(BUILD)/image/obj,$(BUILD)/image/lib,appliance/softtpm,))
IMAGE_BINS := $(addprefix $(BUILD)/image/,init crosscheck softtpm)
image-bins: $(IMAGE_BINS)

all: $(BINARIES:%=$(BUILD)/bin/%) $(foreach m,$(MODULES),$(call lib,$(m))) compile_commands.json

# ---- tests

TEST_LIB := $(BUILD)/lib/tests-lib.a
PKG.tests/lib := cmocka yyjson
$(eval $(call module,tests/lib,$(BUILD)/obj,$(BUILD)/lib,$(TEST_CFLAGS) -fno-sanitize-coverage=trace-pc))

# $(call find_tests,KIND): tests/**/NAME_KIND.{c,sh,py}; what boots the image is in vm.mk
find_tests = $(sort $(shell find tests -path tests/vm -prune -o \
	\( -name '*_$(1).c' -o -name '*_$(1).sh' -o -name '*_$(1).py' \) -print))
# $(call select,FILES): those whose name, with or without its end, fits a glob in T
select = $(if $(T),$(shell for f in $(1); do for t in $(foreach t,$(T),'$(t)'); do \
	b=$${f##*/}; case $$b in ($$t|$${t}_test.*|$${t}_fuzz.*|$${t}_bench.*) echo $$f; break;; esac; done; done),$(1))
binaries_of = $(patsubst %.c,$(BUILD)/%,$(filter %.c,$(1)))

ALL_TESTS := $(call find_tests,test)
ALL_FUZZ := $(call find_tests,fuzz)
# what boots the image is slowest and comes last
ALL_BENCH := $(call find_tests,bench) tests/vm/image_bench.py
TESTS := $(call select,$(ALL_TESTS))
FUZZ := $(call select,$(ALL_FUZZ))
BENCH := $(call select,$(ALL_BENCH))

# A test links its module and all that it reaches; outside the modules, everything.
test_module = $(filter $(patsubst tests/%/,%,$(dir $(1))),$(MODULES))
test_scope = $(if $(filter tests/lib/,$(dir $(1))),,$(or $(call test_module,$(1)),$(MODULES)))
test_modules = $(sort $(foreach m,$(call test_scope,$(1)),$(ALL.$(m))))
test_pkgs = $(sort $(foreach m,$(call test_scope,$(1)),$(PKG.$(m))))

define test_rule
$(BUILD)/$(1:.c=.o): $(1) $(BUILD)/flags
	@mkdir -p $$(@D)
	@echo "  CC    $$<"
	@$(CC) $(CFLAGS) $(PREFIX_MAP) $(COVER) $(TEST_CFLAGS) $(foreach p,$(call test_pkgs,$(1)),$(CFLAGS.$(p))) -MMD -MP -c -o $$@ $$<
$(BUILD)/$(1:.c=): $(BUILD)/$(1:.c=.o) $(TEST_LIB) $(foreach m,$(call test_modules,$(1)),$(call lib,$(m)))
	@echo "  LD    $$@"
	@$(CC) $(LDFLAGS) -o $$@ $$< -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group \
		$(foreach p,$(call test_pkgs,$(1)) cmocka yyjson,$(LIBS.$(p)))
endef
$(foreach t,$(filter %.c,$(ALL_TESTS) $(ALL_FUZZ) $(ALL_BENCH)),$(eval $(call test_rule,$(t))))

# Programs are there for all tests, or for the selected scripts.
needs_programs = $(if $(T),$(filter-out %.c tests/lib/%,$(TESTS)),all)
# This one gives every fuzzer its seeds.
needs_fuzzers = $(filter tests/lib/fuzz_seeds_test.py,$(TESTS))
tests: $(call binaries_of,$(TESTS)) $(if $(needs_programs),$(BINARIES:%=$(BUILD)/bin/%)) \
	$(if $(needs_fuzzers),$(call binaries_of,$(ALL_FUZZ)))

check: tests
	@tests/run --build $(BUILD) --jobs $$(($(JOBS) + 1)) $(TESTS) # some of them only wait

# Each NAME_fuzz.c has LLVMFuzzerTestOneInput(); its seeds are the files in NAME_fuzz/.
fuzz: $(call binaries_of,$(FUZZ))
	@tests/run --build $(BUILD) --jobs $(JOBS) --timeout $$(($(FUZZ_SECONDS) + 60)) $(FUZZ)

# Each prints its figures as "name value unit yardstick ratio"; one at a time, they measure.
bench: $(call binaries_of,$(BENCH)) $(BINARIES:%=$(BUILD)/bin/%)
	@[ -n "$(BENCH)" ] || { echo "no benchmark fits T=$(T)"; exit 1; }
	@for f in $(BENCH:.c=); do \
		if [ -x $(BUILD)/$$f ]; then BUILD=$(BUILD) $(BUILD)/$$f; else BUILD=$(BUILD) $$f; fi; \
	done

screens:
	@find tests -path '*/screens/*.txt' | sort | while read -r f; do \
		echo "== $${f##*/}"; cat "$$f"; done

lint:
	@tests/lint

format:
	@tests/lint --format $(FILES)

# ---- for editors

compile_commands.json: $(BUILD)/compile_commands.json
EDITED := $(SRCS) $(wildcard tests/lib/*.c) $(filter-out tests/lib/%,$(filter %.c,$(ALL_TESTS)))
$(BUILD)/compile_commands.json: $(BUILD)/deps.mk $(BUILD)/flags FORCE
	$(file >$@.tmp,[)
	$(foreach s,$(EDITED),$(file >>$@.tmp,$(if $(filter-out $(firstword $(EDITED)),$(s)),$(comma))\
	{"directory": "$(CURDIR)"$(comma) "file": "$(s)"$(comma) "command": "$(strip $(CC) $(CFLAGS) \
	$(sort $(foreach p,$(PKG.$(call module_of,$(s))),$(CFLAGS.$(p))))) -c $(s)"}))
	$(file >>$@.tmp,])
	@cmp -s $@.tmp $@ || cp $@.tmp $@
	@rm -f $@.tmp; ln -sfn $@ compile_commands.json
comma := ,

# ---- loaded by the outer make, see there

$(EXIT_STATUS_SO): iso/exit-status.c
	@mkdir -p $(@D)
	@$(CC) -O2 -Wall -Wextra -Werror -fPIC -fno-stack-protector -nostdlib -shared -o $@ $<

clean:
	rm -rf $(BUILD)/bin $(BUILD)/lib $(BUILD)/obj $(BUILD)/tests $(BUILD)/tool $(BUILD)/image \
		$(BUILD)/san $(BUILD)/fuzz $(BUILD)/deps.mk $(BUILD)/flags $(BUILD)/compile_commands.json

-include $(patsubst %.c,$(BUILD)/obj/%.d,$(SRCS) $(wildcard tests/lib/*.c))
-include $(patsubst %.c,$(BUILD)/image/obj/%.d,$(SRCS))
-include $(patsubst %.c,$(BUILD)/%.d,$(filter %.c,$(ALL_TESTS) $(ALL_FUZZ) $(ALL_BENCH)))
-include iso/iso.mk tests/vm/vm.mk tests/rehearse.mk
endif
