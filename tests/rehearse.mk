# Rehearsals without a VM. PLAY=FILE OUT=DIR plays an answer file.
.PHONY: rehearse demo
PLAY ?=
OUT ?=
REHEARSE_BINS := $(addprefix $(BUILD)/bin/,ceremony softtpm crosscheck sanctum firmware-cache)

rehearse: $(REHEARSE_BINS)
	@tests/rehearse.sh $(BUILD) $(PLAY) $(if $(PLAY),$(or $(OUT),$(error PLAY= needs OUT=DIR)),$(OUT))

demo: $(REHEARSE_BINS)
	@tests/demo.sh $(BUILD)
