# The image in a virtual machine. Read by the Makefile inside the build root.

.PHONY: run play check-vm

MODE ?= genesis
CONSOLE ?= serial
VM_TPM := $(BUILD)/vm/tpm
SCAN := $(BUILD)/tool/scan
VM_BINS := $(addprefix $(BUILD)/bin/,ceremony sanctum firmware-cache) $(SCAN)
PLAY_OUT := $(BUILD)/play$(if $(filter genesis,$(MODE)),,-$(MODE))$(if $(filter rehearsal,$(WORLD)),,-$(WORLD))
PLAY_FILE := tests/play/$(MODE)$(if $(filter rehearsal,$(WORLD)),,-$(WORLD)).play

play: $(ISO) $(VM_BINS)
	@tests/vm/play.sh $(BUILD) $(PLAY_FILE) $(PLAY_OUT) $(CONSOLE) $(VM_TPM) $(WORLD)

run: $(ISO) $(VM_BINS)
	@tests/vm/run.sh $(BUILD) $(BUILD)/run $(VM_TPM)

check-vm: $(ISO) $(BUILD)/SHA256SUMS $(VM_BINS) $(BUILD)/bin/crosscheck
	@BUILD=$(BUILD) tests/run --build $(BUILD) --jobs 1 $(sort $(wildcard tests/vm/*_test.py))

# It searches dumps of a machine's memory; its own test needs no machine.
$(SCAN): tests/vm/scan.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  LD    $@"
	@$(CC) $(CFLAGS) $(PREFIX_MAP) $(LDFLAGS) -o $@ $<
tests: $(SCAN)

bench: $(if $(filter tests/vm/image_bench.py,$(BENCH)),$(ISO) $(BUILD)/measurements.json)
