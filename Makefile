# Finishline. `make help` lists the targets; variables that can be set: BUILD, CXX, PREFIX, DESTDIR.

BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
MAKEFLAGS += --no-print-directory

# --- what is built from what -------------------------------------------------------------------------
# Every program is its main file and the archive; the linker takes from the archive what it needs.
MAINS   := lb/main.cc servers/main.cc client/main.cc
SOURCES := $(filter-out $(MAINS),$(wildcard proto/*.cc lb/*/*.cc servers/*.cc client/*.cc))
TESTS   := $(wildcard tests/main.cc tests/support/*.cc tests/unit/*/*.cc tests/property/*.cc tests/net/*.cc)
SYSTEM  := $(wildcard tests/main.cc tests/support/*.cc tests/system/*.cc tests/sim/*.cc)
FUZZERS := $(patsubst tests/fuzz/%.cc,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*_fuzz.cc))
BENCHES := $(patsubst tests/bench/%.cc,$(BUILD)/bench/%,$(wildcard tests/bench/*_bench.cc))

BIN     := $(BUILD)/bin
PROGRAMS := $(BIN)/finishline $(BIN)/finishline-server $(BIN)/finishline-client
ARCHIVE := $(BUILD)/libfinishline.a
obj     = $(patsubst %.cc,$(BUILD)/obj/%.o,$(1))

# --- how ---------------------------------------------------------------------------------------------
CXX      := $(if $(filter default,$(origin CXX)),g++,$(CXX))
CCACHE   := $(shell command -v ccache 2>/dev/null)
OPT      ?= -O2
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Woverloaded-virtual
DEFINES  := -DSPDLOG_SHARED_LIB -DSPDLOG_COMPILED_LIB -DSPDLOG_FMT_EXTERNAL -DTOML_HEADER_ONLY=0 -DTOML_SHARED_LIB=1
CXXFLAGS += -std=c++20 $(OPT) -g -pthread -fno-plt $(WARNINGS) $(SANITIZE)
CPPFLAGS += -I. $(DEFINES) -DFINISHLINE_VERSION='"$(shell cat .version 2>/dev/null || echo 0.1.0)"'
LDFLAGS  += -pthread -Wl,--as-needed $(SANITIZE)
LDLIBS   += -lspdlog -lfmt -luv -lcpp-httplib -ltomlplusplus

Q := $(if $(V),,@)
say = @printf '  %-5s %s\n' $(1) $(2)

.PHONY: all help clean
all: $(PROGRAMS)

$(BUILD)/obj/%.o: %.cc
	$(call say,CXX,$<)
	@mkdir -p $(@D)
	$(Q)$(CCACHE) $(CXX) $(CPPFLAGS) $(CXXFLAGS) -MMD -MP -c -o $@ $<

$(ARCHIVE): $(call obj,$(SOURCES))
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

define link
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CXX) -o $@ $(filter %.o,$^) $(ARCHIVE) $(LDFLAGS) $(1) $(LDLIBS)
endef

$(BIN)/finishline: $(call obj,lb/main.cc) $(ARCHIVE)
	$(call link)
$(BIN)/finishline-server: $(call obj,servers/main.cc) $(ARCHIVE)
	$(call link)
$(BIN)/finishline-client: $(call obj,client/main.cc) $(ARCHIVE)
	$(call link)
$(BIN)/finishline-tests: $(call obj,$(TESTS)) $(ARCHIVE)
	$(call link,-lrapidcheck)
$(BIN)/finishline-system-tests: $(call obj,$(SYSTEM)) $(ARCHIVE)
	$(call link,-lrapidcheck)
$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(ARCHIVE)
	$(call link,-lbenchmark)
# Fuzz targets are built with clang: make BUILD=build/fuzz CXX=clang++ SANITIZE=-fsanitize=fuzzer-no-link,address,undefined
$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(ARCHIVE)
	$(call link,-fsanitize=fuzzer)

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
