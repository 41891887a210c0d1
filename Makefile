# Finishline. `make help` lists the targets; variables that can be set: BUILD, CXX, PREFIX, DESTDIR.

BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
MAKEFLAGS += --no-print-directory
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif

# --- what is built from what -------------------------------------------------------------------------
# Every program is its main file and the archive; the linker takes from the archive what it needs.
MAINS   := lb/main.cc servers/main.cc client/main.cc
SOURCES := $(filter-out $(MAINS),$(wildcard proto/*.cc lb/*/*.cc servers/*.cc client/*.cc))
TESTS   := $(wildcard tests/main.cc tests/support/*.cc tests/unit/*/*.cc tests/property/*.cc tests/net/*.cc tests/sim/*.cc)
SYSTEM  := $(wildcard tests/main.cc tests/support/*.cc tests/system/*.cc)
CHAOS   := $(wildcard tests/support/*.cc tests/chaos/*.cc)
ATTACK  := $(wildcard tests/support/*.cc tests/attack/*.cc)
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
CXXFLAGS += -std=c++20 $(OPT) -g$(DEBUG) -pthread -fno-plt $(WARNINGS) $(SANITIZE)
CPPFLAGS += -I. $(DEFINES) -DFINISHLINE_VERSION='"$(shell cat .version 2>/dev/null || echo 0.1.0)"'
LDFLAGS  += -pthread -Wl,--as-needed $(SANITIZE)
LDLIBS   += -lspdlog -lfmt -luv -lcpp-httplib -ltomlplusplus -lseccomp -lsodium

Q := $(if $(V),,@)
say = @printf '  %-5s %s\n' $(1) $(2)

.PHONY: all deps demo test check chaos asan tsan sanitized sanitized-units valgrind fuzz fuzz-run bench memory fmt install uninstall clean help
all: $(PROGRAMS)

$(BUILD)/obj/%.o: %.cc
	$(call say,CXX,$<)
	@mkdir -p $(@D)
	$(Q)$(CCACHE) $(CXX) $(CPPFLAGS) $(CXXFLAGS) -MMD -MP -c -o $@ $<

# What only people wait for is compiled to be compiled quickly.
UNHURRIED := lb/main.cc servers/main.cc client/main.cc client/report.cc client/description.cc lb/control/% lb/cli/% lb/config/% lb/log/% \
             lb/worker/describe.cc
UNHURRIED_OPT ?= -O1
$(call obj,$(filter $(UNHURRIED),$(SOURCES) $(MAINS))): override OPT := $(UNHURRIED_OPT)
$(call obj,$(filter $(UNHURRIED),$(SOURCES) $(MAINS))): DEBUG := 1

# So are tests; what they test, and a world to be lived in for long, is not.
$(call obj,$(filter-out tests/sim/%,$(TESTS)) $(SYSTEM) $(CHAOS) $(ATTACK)): override OPT := -O0
$(call obj,$(TESTS) $(SYSTEM) $(CHAOS) $(ATTACK)): DEBUG := 1

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
$(BIN)/finishline-chaos: $(call obj,$(CHAOS)) $(ARCHIVE)
	$(call link)
$(BIN)/finishline-memory-attack: $(call obj,$(ATTACK)) $(ARCHIVE)
	$(call link)
$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(ARCHIVE)
	$(call link)
$(BUILD)/bench/%_bench: $(BUILD)/obj/tests/bench/%_bench.o $(ARCHIVE)
	$(call link,-lbenchmark)
# Fuzz targets are built with clang, see the target fuzz; they stand on the parsers alone.
FUZZED := $(wildcard proto/*.cc lb/config/*.cc lb/model/*.cc lb/sched/*.cc) lb/net/address.cc lb/net/socket.cc lb/net/network.cc lb/control/http_router.cc
$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(call obj,$(FUZZED))
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CXX) -o $@ $^ $(LDFLAGS) -fsanitize=fuzzer $(LDLIBS)

# --- what users call ---------------------------------------------------------------------------------
TEST_PROGRAMS := $(BIN)/finishline-tests $(BIN)/finishline-system-tests $(BIN)/finishline-chaos

deps: ## install the Debian packages that are missing (root or sudo)
	@scripts/deps.sh build test
demo: ## the main job, live: makespan next to round-robin
	@scripts/deps.sh build
	@$(MAKE) all
	@BIN=$(BIN) scripts/demo.sh
test: ## everything that can be tested; the last line counts
	@scripts/deps.sh build test
	@$(MAKE) all $(TEST_PROGRAMS)
	@BUILD=$(BUILD) scripts/test.sh
check: ## the house rules: includes go down only, documents agree with the code
	@scripts/check-floors.sh
	@$(MAKE) all
	@BIN=$(BIN) scripts/check-docs.sh

ASAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
TSAN := -fsanitize=thread
FUZZ := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FUZZ_SECONDS ?= 600
SANITIZED := OPT=-O1 UNHURRIED_OPT=-O0 DEBUG=1

asan: ## unit, property, loop and system tests under the address and undefined-behaviour sanitizers
	@$(MAKE) BUILD=$(BUILD)/asan $(SANITIZED) SANITIZE='$(ASAN)' sanitized
# The short pass of `make test`: the data path, in one process and in whole ones.
ASAN_SHORT := tests/main.cc $(wildcard tests/support/*.cc tests/net/*.cc tests/unit/worker/*.cc tests/unit/proto/*.cc)
ASAN_STORIES := -sf=*speed_test*,*server_loss*,*worker_crash*,*slow_client*,*stream_test*,*reload*,*admission*,*bad_input*
asan-short:
	@$(MAKE) BUILD=$(BUILD)/asan $(SANITIZED) SANITIZE='$(ASAN)' TESTS='$(ASAN_SHORT)' STORIES='$(ASAN_STORIES)' sanitized
# The memory that processes share is where they could race: two threads stand for two processes in its tests.
TSAN_SOURCES := $(wildcard proto/*.cc lb/model/*.cc lb/sched/*.cc lb/ledger/*.cc) lb/worker/pool.cc
TSAN_TESTS   := tests/main.cc tests/property/ledger_race_test.cc tests/unit/worker/pool_test.cc $(wildcard tests/unit/ledger/*.cc)
tsan: ## the tests of the shared ledger under the thread sanitizer
	@$(MAKE) BUILD=$(BUILD)/tsan $(SANITIZED) SANITIZE='$(TSAN)' SOURCES='$(TSAN_SOURCES)' TESTS='$(TSAN_TESTS)' sanitized-units
sanitized: all $(TEST_PROGRAMS) sanitized-units
	$(BIN)/finishline-system-tests $(STORIES)
sanitized-units: $(BIN)/finishline-tests
	$(BIN)/finishline-tests
valgrind: $(BIN)/finishline-tests ## the unit and loop tests under valgrind
	valgrind -q --error-exitcode=9 --leak-check=full --trace-children=no $(BIN)/finishline-tests -sf='*tests/unit/*,*tests/net/*' -sfe='*net/server_test*,*unit/support/*,*unit/process/*,*unit/sim/*'
CHAOS_SECONDS ?= 60
chaos: all $(BIN)/finishline-chaos ## kills, stalls and nonsense under load for CHAOS_SECONDS; CHAOS_SEED repeats a schedule
	@CHAOS_SECONDS=$(CHAOS_SECONDS) CHAOS_SEED=$(CHAOS_SEED) $(BIN)/finishline-chaos
fuzz: ## every fuzz target for FUZZ_SECONDS each
	@$(MAKE) BUILD=$(BUILD)/fuzz-build CXX=clang++ CCACHE= $(SANITIZED) SANITIZE='$(FUZZ)' fuzz-run
fuzz-run: $(FUZZERS)
	@BUILD=$(BUILD) SECONDS_EACH=$(FUZZ_SECONDS) scripts/fuzz.sh
bench: ## speed beside HAProxy and nginx; QUICK=1 for a short one
	@scripts/deps.sh build bench
	@$(MAKE) all $(BENCHES) $(BUILD)/bench/hold_connections $(BUILD)/bench/stream_load
	@BIN=$(BIN) BENCH=$(BUILD)/bench scripts/bench.sh

memory: ## idle connections, clients that never read, and every memory attack at once for ATTACK_SECONDS, against the stated budget
	@$(MAKE) all $(BUILD)/bench/hold_connections $(BIN)/finishline-memory-attack
	@BIN=$(BIN) BENCH=$(BUILD)/bench scripts/memory.sh

fmt: ## format the sources with clang-format
	git ls-files '*.cc' '*.h' | xargs clang-format -i

install: all ## into $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/doc/finishline $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 README.md proto/PROTOCOL.md lb/finishline.example.toml $(wildcard lb/examples/*.toml) $(DESTDIR)$(PREFIX)/share/doc/finishline
	sed 's:@PREFIX@:$(PREFIX):g' scripts/finishline.service > $(DESTDIR)$(PREFIX)/lib/systemd/system/finishline.service
	chmod 644 $(DESTDIR)$(PREFIX)/lib/systemd/system/finishline.service
uninstall: ## takes back what install put there
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,$(notdir $(PROGRAMS)))
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/finishline
	rm -f $(DESTDIR)$(PREFIX)/lib/systemd/system/finishline.service
clean: ## remove everything that was built
	rm -rf $(BUILD)
help: ## this list
	@echo 'make                 build $(BIN)/finishline, finishline-server and finishline-client'
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1\t\2/p' Makefile | expand -t 21

.PRECIOUS: $(BUILD)/obj/%.o
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
