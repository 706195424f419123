# The image: kernel, unified kernel image, ISO. Read by the Makefile inside the build root.

.PHONY: iso kernel

IMAGE_CACHE := $(or $(CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/cornerstone)
KERNEL := $(BUILD)/kernel
ISO := $(BUILD)/cornerstone.iso

# The script knows best whether its cache still fits, and leaves the files alone if so.
kernel: $(KERNEL)/bzImage
$(KERNEL)/bzImage: iso/build-kernel iso/kernel.config iso/build-date
	@iso/build-kernel $(IMAGE_CACHE) $(KERNEL)

ISO_PARTS := iso/mkiso iso/mkmedium iso/mkinitramfs iso/cmdline iso/build-date \
	/.cornerstone/lock $(BUILD)/bin/sanctum
$(BUILD)/measurements.json: $(ISO)
$(ISO): $(KERNEL)/bzImage $(IMAGE_BINS) $(ISO_PARTS)
	@SANCTUM=$(BUILD)/bin/sanctum iso/mkiso $(KERNEL) $(BUILD)/image $(BUILD)/iso $@ $(BUILD)/measurements.json

iso: $(ISO) $(BUILD)/measurements.json $(BUILD)/SHA256SUMS

# What the image is made of.
$(BUILD)/sbom.spdx.json: $(ISO) iso/sbom iso/licences.py iso/image-packages
	@iso/sbom $(BUILD) >$@

# How it was made: the commit may change though no file of the image does.
$(BUILD)/provenance.json: $(ISO) $(BUILD)/sbom.spdx.json iso/provenance FORCE
	@iso/provenance $(BUILD) >$@.new; cmp -s $@.new $@ || cp $@.new $@; rm $@.new

# What builders sign.
ATTESTED := cornerstone.iso iso/cornerstone.efi iso/initramfs.zst kernel/bzImage \
	measurements.json provenance.json sbom.spdx.json
$(BUILD)/SHA256SUMS: $(ISO) $(BUILD)/provenance.json iso/iso.mk
	@cd $(BUILD) && sha256sum $(ATTESTED) >SHA256SUMS

# One builder's signature over what is built here; it builds nothing.
.PHONY: iso-attest
iso-attest:
	@iso/attest $(BUILD) "$${KEY:-}" "$${NAME:-}"

# Build it again, elsewhere, and compare.
.PHONY: iso-verify
iso-verify: iso
	@iso/verify-twice $(BUILD)

# A site's Secure Boot keys, and its signature over the image. FROM=FILE.iso signs a
# downloaded ISO.
.PHONY: iso-keys iso-sign
iso-keys:
	@iso/mkkeys "$${KEYS:-}" "$${SITE:-}"

iso-sign: $(if $(FROM),,$(ISO))
	@iso/sign-iso "$${FROM:-$(ISO)}" "$${KEYS:-}" $(BUILD)/signed $(BUILD)/cornerstone-signed.iso
