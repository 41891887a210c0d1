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
SOURCES := $(filter-out $(MAINS),$(wildcard proto/*.cc proto/c/*.cc lb/*/*.cc servers/*.cc client/*.cc))
TESTS   := $(wildcard tests/main.cc tests/support/*.cc tests/unit/*/*.cc tests/property/*.cc tests/net/*.cc tests/sim/*.cc)
SYSTEM  := $(wildcard tests/main.cc tests/support/*.cc tests/system/*.cc)
CHAOS   := $(wildcard tests/support/*.cc tests/chaos/*.cc)
ATTACK  := $(wildcard tests/support/*.cc tests/attack/*.cc)
FUZZERS := $(patsubst tests/fuzz/%.cc,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*_fuzz.cc))
BENCHES := $(patsubst tests/bench/%.cc,$(BUILD)/bench/%,$(wildcard tests/bench/*_bench.cc))

BIN     := $(BUILD)/bin
PROGRAMS := $(BIN)/finishline $(BIN)/finishline-server $(BIN)/finishline-client
ARCHIVE := $(BUILD)/programs.a
obj     = $(patsubst %.cc,$(BUILD)/obj/%.o,$(1))

# --- how ---------------------------------------------------------------------------------------------
CXX      := $(if $(filter default,$(origin CXX)),g++,$(CXX))
CCACHE   := $(shell command -v ccache 2>/dev/null)
VERSION  := $(shell cat .version 2>/dev/null || echo 0.1.0)
OPT      ?= -O2
DEBUG    ?= 1
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Woverloaded-virtual
DEFINES  := -DSPDLOG_SHARED_LIB -DSPDLOG_COMPILED_LIB -DSPDLOG_FMT_EXTERNAL -DTOML_HEADER_ONLY=0 -DTOML_SHARED_LIB=1
CXXFLAGS += -std=c++20 -g$(DEBUG) -pthread -fno-plt $(WARNINGS) $(SANITIZE)
CPPFLAGS += -I. $(DEFINES)
LDFLAGS  += -pthread -Wl,--as-needed $(SANITIZE)
LDLIBS   += -lspdlog -lfmt -luv -lcpp-httplib -ltomlplusplus -lseccomp -lsodium -lcurl -lsqlite3 -lncursesw -lhiredis -lmaxminddb -lssl -lcrypto

Q := $(if $(V),,@)
say = @printf '  %-5s %s\n' $(1) $(2)

.PHONY: all deps demo test sanitize check chaos asan tsan sanitized sanitized-units valgrind fuzz fuzz-run bench bench-check bench-peers bench-pages bench-forecast bench-scale memory fmt library install install-library install-doc deb uninstall clean help
all: $(PROGRAMS) library

# Cold sources run once or for people only: they are compiled to be compiled quickly. So are tests; what they
# test, and a world to be lived in for long, is not.
COLD_SOURCES := lb/main.cc servers/main.cc client/main.cc client/report.cc client/report_facts.cc client/report_json.cc client/load_run.cc client/load_thread.cc client/hdr_text.cc client/histogram_chart.cc client/live_graph.cc client/progress_bar.cc client/seconds_file.cc client/own_time.cc client/saved_report.cc client/compar%.cc client/foreign_flags.cc client/conformance%.cc client/dialogue.cc client/description.cc \
                client/run.cc lb/flags/% \
                client/scenario.cc lb/model/cost_file.cc lb/control/% lb/cli/% lb/config/% lb/log/% lb/master/% lb/process/% \
                lb/worker/describe.cc lb/worker/roster.cc
COLD_OPT     ?= $(if $(filter -O0,$(OPT)),-O0,-O1)
COLD_OPT     := $(COLD_OPT)
COLD         := $(filter $(COLD_SOURCES),$(SOURCES) $(MAINS))

# --- headers compiled once ---------------------------------------------------------------------------
# A set of heavy headers, scripts/pch/SET.h, is compiled once and put before every source. `make PCH=` does without:
# the sources include all that they use. One set per optimization, since a compiler takes none that was made otherwise.
PCH := 1
pch = $(if $(PCH),$(BUILD)/pch/$(if $(filter -O0,$(2)),O0,O2)/$(1).h)
define pch_rule
$(BUILD)/pch/$(1)/%.h.gch: scripts/pch/%.h
	$$(call say,PCH,$$<)
	@mkdir -p $$(@D)
	@cp $$< $$(@:.gch=)
	$$(Q)$$(CCACHE) $$(CXX) $$(CPPFLAGS) $$(CXXFLAGS) -$(1) -MD -MP -MF $$@.d -MT $$@ -x c++-header -o $$@ $$(@:.gch=)
endef
$(foreach level,O0 O2,$(eval $(call pch_rule,$(level))))

# compiled SET,OPTIMIZATION,OBJECTS: how these objects are made.
define compiled_rule
$(3): WITH := $(addprefix -include ,$(call pch,$(1),$(2))) $(2)
$(3): $(addsuffix .gch,$(call pch,$(1),$(2)))
endef
compiled = $(if $(strip $(3)),$(eval $(call compiled_rule,$(1),$(2),$(3))))

# A compiler cache takes precompiled headers when it may trust that -D and __TIME__ change nothing in them.
export CCACHE_SLOPPINESS ?= pch_defines,time_macros

WITH := $(OPT)
define compile
	@mkdir -p $(@D)
	$(Q)$(CCACHE) $(CXX) $(CPPFLAGS) $(CXXFLAGS) $(WITH) $(if $(PCH),-Winvalid-pch -fpch-preprocess) -MMD -MP -c -o $@ $<
endef
$(BUILD)/obj/%.o: %.cc
	$(call say,CXX,$<)
	$(compile)
$(call obj,proto/version.cc): private CPPFLAGS += -DFINISHLINE_VERSION='"$(VERSION)"'
$(call obj,proto/version.cc): $(wildcard .version)

# --- several sources at once -------------------------------------------------------------------------
# A unit is sources compiled as one, which reads their headers once. Test files are: each in a namespace of its own,
# behind the includes of all. UNITY= compiles them one by one. Those that open a namespace by its name stay alone.
UNITY      := 1
UNIT_SIZE  := 8
TEST_FILES := $(filter %_test.cc,$(TESTS) $(SYSTEM))
JOINED     := $(if $(UNITY),$(shell grep -LE '^(inline )?namespace [a-z]|^template <>|^\#define' $(TEST_FILES) /dev/null | grep _test))
JOINED     := $(filter-out tests/sim/%,$(JOINED))
# So are the sources of the cold rooms, and of most rooms in the sanitized variants; those of a room share one nameless
# namespace then.
COLD_ROOMS := lb/cli lb/control lb/master lb/process
ROOMS      := $(if $(UNITY),$(COLD_ROOMS))

# write_list NAME,FILES: what a unit is made of, written when it has changed.
write_list = $(if $(filter-out $(strip $(file <$(BUILD)/unity/$(1).list)),$(strip $(2)))$(filter-out $(strip $(2)),$(strip $(file <$(BUILD)/unity/$(1).list))),$(shell mkdir -p $(BUILD)/unity)$(file >$(BUILD)/unity/$(1).list,$(2)))
define unit_rule
$(BUILD)/unity/$(1).cc: $(BUILD)/unity/$(1).list $(2)
	@scripts/unity.sh $(3) $(2) >$$@
$(BUILD)/unity/$(1).o: $(BUILD)/unity/$(1).cc
	$$(call say,CXX,'$(firstword $(2)) $(if $(word 2,$(2)),... $(lastword $(2)))')
	$$(compile)
endef
# unit NAME,FILES,HOW: declares it.
unit = $(call write_list,$(1),$(2))$(eval $(call unit_rule,$(1),$(2),$(3)))
# chunks NAME,FILES: units of UNIT_SIZE files, NAME-N with N files left; gives their objects.
chunks = $(if $(strip $(2)),$(call unit,$(1)-$(words $(2)),$(wordlist 1,$(UNIT_SIZE),$(2)),apart)$(BUILD)/unity/$(1)-$(words $(2)).o $(call chunks,$(1),$(wordlist $(UNIT_SIZE),$(words $(2)),$(wordlist 2,$(words $(2)),$(2)))))
# test_objects FILES: of these tests.
test_objects = $(foreach dir,$(sort $(dir $(filter $(JOINED),$(1)))),$(call chunks,$(subst /,-,$(patsubst %/,%,$(dir))),$(filter $(dir)%,$(filter $(JOINED),$(1))))) $(call obj,$(filter-out $(JOINED),$(1)))
# room_objects FILES: of these sources.
room_objects = $(foreach room,$(ROOMS),$(if $(filter $(room)/%,$(1)),$(call unit,$(subst /,-,$(room)),$(filter $(room)/%,$(1)),together)$(call room_unit,$(room)))) $(call obj,$(filter-out $(addsuffix /%,$(ROOMS)),$(1)))

room_unit = $(BUILD)/unity/$(subst /,-,$(1)).o
COLD_UNITS     := $(foreach room,$(filter $(ROOMS),$(COLD_ROOMS)),$(call room_unit,$(room)))
SOURCE_OBJECTS := $(call room_objects,$(SOURCES))
TEST_OBJECTS   := $(call test_objects,$(TESTS))
SYSTEM_OBJECTS := $(call test_objects,$(SYSTEM))

JSON := $(filter $(COLD),$(shell grep -l 'include <nlohmann' $(COLD) /dev/null))
# Matrices are slow beyond use without the optimizer: forecasts have it in every build.
MATRICES := $(filter lb/forecast/%,$(SOURCES))
$(call compiled,std,$(if $(filter -O0,$(OPT)),-O2,$(OPT)),$(call obj,$(MATRICES)))
$(call compiled,std,$(OPT),$(filter-out $(call obj,$(COLD) $(MATRICES)) $(COLD_UNITS),$(SOURCE_OBJECTS) $(call obj,$(MAINS) $(filter tests/sim/%,$(TESTS)) $(wildcard tests/fuzz/*.cc tests/bench/*.cc))))
$(call compiled,std,$(COLD_OPT),$(call obj,$(filter-out $(JSON),$(COLD))))
$(call compiled,json,$(COLD_OPT),$(call obj,$(JSON)) $(COLD_UNITS))
# What chaos links, too, must not know doctest.
$(call compiled,std,-O0,$(call obj,$(sort $(filter tests/support/%,$(TESTS) $(SYSTEM)) $(CHAOS) $(ATTACK))))
$(call compiled,tests,-O0,$(sort $(filter %_test.o $(BUILD)/unity/%,$(filter-out $(BUILD)/obj/tests/sim/% $(BUILD)/obj/tests/support/%,$(TEST_OBJECTS) $(SYSTEM_OBJECTS)))))
$(call obj,tests/main.cc): WITH := -O0

# The dashboard is part of the program.
PAGE := $(sort $(wildcard lb/page/*.html lb/page/*.js lb/page/*.css lb/page/*.svg lb/page/vendor/*.js lb/page/vendor/*.css) lb/doc/reference/openapi.json)
$(BUILD)/page/files.cc: $(PAGE) scripts/embed.sh
	$(call say,PAGE,$@)
	@mkdir -p $(@D)
	@scripts/embed.sh lb/page $(@D) $(PAGE) >$@.new && mv $@.new $@
$(BUILD)/page/files.o: $(BUILD)/page/files.cc
	$(Q)$(CXX) $(CPPFLAGS) $(CXXFLAGS) -O0 -c -o $@ $<

$(ARCHIVE): $(SOURCE_OBJECTS) $(BUILD)/page/files.o
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

# --- the C library -----------------------------------------------------------------------------------
# It exports the names of its header and nothing else; the archive is one object whose other names are local.
LIBRARY         := $(BUILD)/lib
LIBRARY_SOURCES := $(wildcard proto/c/*.cc) proto/frame.cc proto/looks_like.cc proto/mini.cc proto/version.cc
LIBRARY_OBJECTS := $(patsubst %.cc,$(LIBRARY)/obj/%.o,$(LIBRARY_SOURCES))
LIBRARY_SONAME  := libfinishline.so.0
LIBRARY_TESTS   := $(patsubst proto/c/tests/%.c,$(LIBRARY)/tests/%,$(wildcard proto/c/tests/*.c))
$(LIBRARY)/obj/proto/version.o: private CPPFLAGS += -DFINISHLINE_VERSION='"$(VERSION)"'
$(LIBRARY)/obj/proto/version.o: $(wildcard .version)
$(LIBRARY)/obj/%.o: %.cc
	$(call say,CXX,$<)
	@mkdir -p $(@D)
	$(Q)$(CCACHE) $(CXX) $(CPPFLAGS) $(filter-out -fno-plt,$(CXXFLAGS)) $(OPT) -fPIC -fvisibility=hidden -fvisibility-inlines-hidden -MMD -MP -c -o $@ $<
$(LIBRARY)/libfinishline.a: $(LIBRARY_OBJECTS)
	$(call say,AR,$@)
	$(Q)ld -r --force-group-allocation -o $(LIBRARY)/obj/finishline.o $^ && objcopy --wildcard --keep-global-symbol='finishline_*' $(LIBRARY)/obj/finishline.o
	$(Q)rm -f $@ && ar rcs $@ $(LIBRARY)/obj/finishline.o
$(LIBRARY)/$(LIBRARY_SONAME): $(LIBRARY_OBJECTS) proto/c/finishline.map
	$(call say,LINK,$@)
	$(Q)$(CXX) -shared -o $@ $(LIBRARY_OBJECTS) -Wl,-soname,$(LIBRARY_SONAME) -Wl,--version-script=proto/c/finishline.map -Wl,-z,defs $(LDFLAGS)
$(LIBRARY)/libfinishline.so: $(LIBRARY)/$(LIBRARY_SONAME)
	@ln -sf $(LIBRARY_SONAME) $@
# Programs in C for its tests: the header and what stands on it are C, whatever compiles the rest.
$(LIBRARY)/tests/%: proto/c/tests/%.c proto/c/finishline.h $(LIBRARY)/libfinishline.so
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c99 -D_POSIX_C_SOURCE=200809L -O1 -g -Wall -Wextra -Wpedantic -Werror $(SANITIZE) -Iproto/c -o $@ $< -L$(LIBRARY) -lfinishline -Wl,-rpath,'$$ORIGIN/..' -pthread
library: $(LIBRARY)/libfinishline.a $(LIBRARY)/libfinishline.so $(LIBRARY_TESTS) ## the C library, into $(BUILD)/lib

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
$(BIN)/finishline-tests: $(TEST_OBJECTS) $(ARCHIVE)
	$(call link,-lrapidcheck)
$(BIN)/finishline-system-tests: $(SYSTEM_OBJECTS) $(ARCHIVE)
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
FUZZED := $(wildcard proto/*.cc proto/c/*.cc lb/model/*.cc lb/address/*.cc lb/alert/*.cc lb/sched/*.cc lb/config/*.cc) lb/http/router.cc lb/http/error_reply.cc lb/http/date.cc lb/http/message.cc lb/http/framing.cc lb/http/request_head.cc lb/http/passed_headers.cc lb/http/head_scan.cc lb/http/head_fault.cc lb/http/request_reader.cc lb/http/target.cc lb/http/typed_request.cc lb/http/reply_reader.cc lb/tls/client_hello.cc lb/forecast/calendar.cc lb/forecast/place_clock.cc lb/peers/report.cc lb/peers/node_view.cc
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
test: ## all tests but the long passes of `make sanitize`; the last line counts
	@scripts/deps.sh build test
	@$(MAKE) all $(TEST_PROGRAMS) $(BIN)/finishline-memory-attack $(BUILD)/bench/hold_connections
	@BUILD=$(BUILD) scripts/test.sh
sanitize: ## the tests under sanitizers, and the fuzz targets; the last line counts
	@scripts/deps.sh build test
	@$(MAKE) $(BIN)/finishline-system-tests
	@BUILD=$(BUILD) scripts/sanitize.sh
check: ## the house rules: includes go down only, one type per name, sources are formatted and short, documents agree with the code
	@scripts/check-floors.sh
	@scripts/check-names.sh
	@scripts/check-format.sh
	@scripts/check-size.sh
	@$(MAKE) all
	@BIN=$(BIN) scripts/check-docs.sh

ASAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
TSAN := -fsanitize=thread
FUZZ := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FUZZ_SECONDS ?= 600
SANITIZED := OPT=-O1 COLD_OPT=-O1 WARNINGS=-w ROOMS='$(COLD_ROOMS) lb/net lb/worker'

asan: ## unit, property, loop and system tests under the address and undefined-behaviour sanitizers
	@$(MAKE) BUILD=$(BUILD)/asan $(SANITIZED) SANITIZE='$(ASAN)' sanitized
# The pass of `make sanitize`: the data path in one process, and whole programs for the system tests to run.
ASAN_SHORT := tests/main.cc $(wildcard tests/support/*.cc tests/net/*.cc tests/unit/worker/*.cc tests/unit/proto/*.cc tests/unit/c/*.cc)
asan-short:
	@$(MAKE) BUILD=$(BUILD)/asan $(SANITIZED) SANITIZE='$(ASAN)' TESTS='$(ASAN_SHORT)' all $(BUILD)/asan/bin/finishline-tests
# The memory that processes share is where they could race: two threads stand for two processes in its tests. The C
# library has threads of its own.
TSAN_SOURCES := $(wildcard proto/*.cc proto/c/*.cc lb/address/*.cc lb/model/*.cc lb/sched/*.cc lb/ledger/*.cc lb/worker/request_pool*.cc lb/worker/service_notes.cc lb/net/socket.cc lb/net/unix_file.cc)
TSAN_TESTS   := tests/main.cc tests/property/ledger_race_test.cc tests/unit/worker/request_pool_test.cc $(wildcard tests/unit/ledger/*.cc) tests/support/tcp_peer.cc tests/unit/c/server_test.cc
tsan: ## the tests of the shared ledger and of the C library's threads under the thread sanitizer
	@$(MAKE) BUILD=$(BUILD)/tsan $(SANITIZED) SANITIZE='$(TSAN)' SOURCES='$(TSAN_SOURCES)' TESTS='$(TSAN_TESTS)' sanitized-units
sanitized: all $(TEST_PROGRAMS) sanitized-units
	$(BIN)/finishline-system-tests $(SUITES)
sanitized-units: $(BIN)/finishline-tests
	$(BIN)/finishline-tests
valgrind: $(BIN)/finishline-tests ## the unit and loop tests under valgrind
	valgrind -q --error-exitcode=9 --leak-check=full --trace-children=no $(BIN)/finishline-tests -sf='*tests/unit/*,*tests/net/*' -sfe='*net/server_test*,*unit/support/*,*unit/process/*,*unit/sim/*'
CHAOS_SECONDS ?= 60
chaos: all $(BIN)/finishline-chaos ## kills, stalls and nonsense under load for CHAOS_SECONDS; CHAOS_SEED repeats a schedule
	@CHAOS_SECONDS=$(CHAOS_SECONDS) CHAOS_SEED=$(CHAOS_SEED) $(BIN)/finishline-chaos
fuzz: ## every fuzz target for FUZZ_SECONDS each
	@$(MAKE) BUILD=$(BUILD)/fuzz-build CXX=clang++ CCACHE= $(SANITIZED) ROOMS= SANITIZE='$(FUZZ)' fuzz-run
fuzz-run: $(FUZZERS)
	@BUILD=$(BUILD) SECONDS_EACH=$(FUZZ_SECONDS) scripts/fuzz.sh
bench: ## speed beside HAProxy and nginx; QUICK=1 for a short one, TLS=1 over TLS
	@scripts/deps.sh build bench
	@$(MAKE) all $(BENCHES) $(BUILD)/bench/hold_connections $(BUILD)/bench/stream_load
	@BIN=$(BIN) BENCH=$(BUILD)/bench scripts/bench.sh

bench-check: ## instructions per request in six cases against the kept figures, 3 % at most; UPDATE=1 keeps new ones
	@scripts/deps.sh build bench
	@$(MAKE) $(PROGRAMS)
	@BIN=$(BIN) scripts/bench/instructions.sh

bench-peers: ## several proxies before the same servers beside one: latency, and what redis carries
	@scripts/deps.sh build bench
	@$(MAKE) $(PROGRAMS)
	@BIN=$(BIN) scripts/bench-peers.sh

bench-pages: ## what 1,000 open dashboards cost, 200 of them never reading: control's CPU time, and throughput with and without
	@scripts/deps.sh build bench
	@$(MAKE) $(PROGRAMS) $(BUILD)/bench/follow_pages
	@BIN=$(BIN) BENCH=$(BUILD)/bench scripts/bench-pages.sh

M4_EVERY ?= 1
bench-forecast: ## how right forecasts are, on public series in DATA or on made-up loads
	@$(MAKE) $(BUILD)/bench/forecast_tables
	@$(BUILD)/bench/forecast_tables "$(DATA)" $(M4_EVERY)

bench-scale: ## how many requests wait too long, and what servers cost, on DAYS recorded days of each series in DATA: static, as they are needed, by forecast; as a table and $(BUILD)/bench/scale.svg
	@$(MAKE) $(BUILD)/bench/scale_tables
	@$(BUILD)/bench/scale_tables "$(DATA)" $(or $(DAYS),6) $(or $(RATE),10) $(BUILD)/bench/scale.svg

memory: ## idle connections, clients that never read, and every memory attack at once for ATTACK_SECONDS, against the stated budget
	@$(MAKE) all $(BUILD)/bench/hold_connections $(BIN)/finishline-memory-attack
	@BIN=$(BIN) BENCH=$(BUILD)/bench scripts/memory.sh

fmt: ## format the sources with clang-format
	git ls-files '*.cc' '*.h' | xargs clang-format -i

# The documents keep their paths, so that their links to each other work.
DOCUMENTS := README.md CHANGELOG.md CONTRIBUTING.md LICENSE lb/finishline.example.toml $(wildcard proto/*.md proto/*/*.md lb/examples/*.toml lb/examples/prometheus/* lb/examples/grafana/*.json lb/examples/grafana/*/* \
             lb/examples/*.py lb/examples/*/*.toml lb/examples/*/*.yaml lb/examples/*/*.yml lb/examples/*/Containerfile lb/examples/*/*.py lb/examples/*/*.sh lb/*/*.md lb/doc/*/*.md lb/doc/reference/*.json)
DOC_DIR   := $(PREFIX)/share/doc/finishline
UNIT_FILE := $(PREFIX)/lib/systemd/system/finishline.service
# Of the programs: their manual pages, and what shells need to complete them; where man.sh finds no tools there
# are no pages.
MAN_DIR   := $(PREFIX)/share/man
MANUALS   := $(addprefix $(MAN_DIR)/man1/,$(addsuffix .1,$(notdir $(PROGRAMS)))) $(MAN_DIR)/man5/finishline.toml.5
BASH_DIR  ?= $(PREFIX)/share/bash-completion/completions
FISH_DIR  ?= $(PREFIX)/share/fish/vendor_completions.d
ZSH_DIR   ?= $(PREFIX)/share/zsh/site-functions
COMPLETED := $(addprefix $(BASH_DIR)/,$(notdir $(PROGRAMS))) $(addprefix $(FISH_DIR)/,$(addsuffix .fish,$(notdir $(PROGRAMS)))) $(ZSH_DIR)/_finishline
MANUAL_DOC_DIR ?= $(DOC_DIR)
install: all ## programs, manual pages, completion, the C library, documents and a systemd unit into $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/bin $(dir $(DESTDIR)$(UNIT_FILE))
	install -s -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	scripts/man.sh $(BIN) $(DESTDIR)$(MAN_DIR) $(MANUAL_DOC_DIR)
	install -d $(addprefix $(DESTDIR),$(BASH_DIR) $(FISH_DIR) $(ZSH_DIR))
	@for file in $(addprefix $(DESTDIR),$(COMPLETED)); do \
	  case $$file in *.fish) shell=fish;; */_*) shell=zsh;; *) shell=bash;; esac; \
	  $(BIN)/finishline completion $$shell >$$file && chmod 644 $$file || exit 1; done
	@$(MAKE) --no-print-directory install-doc
	@$(MAKE) --no-print-directory install-library
	sed 's:@PREFIX@:$(PREFIX):g' scripts/finishline.service > $(DESTDIR)$(UNIT_FILE)
	chmod 644 $(DESTDIR)$(UNIT_FILE)
	@echo 'The service wants a configuration, which this writes to begin with:'
	@echo '  mkdir -p /etc/finishline && $(PREFIX)/bin/finishline init /etc/finishline/finishline.toml'
	@echo 'Every key: $(DOC_DIR)/lb/finishline.example.toml. Then: systemctl daemon-reload && systemctl enable --now finishline'
install-doc:
	@for file in $(DOCUMENTS); do install -D -m 644 $$file $(DESTDIR)$(DOC_DIR)/$$file || exit 1; done
# Each function is a name of the manual page, too.
LIBDIR ?= $(PREFIX)/lib
LIBRARY_FILES := $(PREFIX)/include/finishline.h $(LIBDIR)/libfinishline.a $(LIBDIR)/libfinishline.so $(LIBDIR)/$(LIBRARY_SONAME) $(LIBDIR)/pkgconfig/finishline.pc
MAN3 := $(PREFIX)/share/man/man3
LIBRARY_NAMES := $(shell sed -n 's/^\.Fn \([a-z_]*\)\( .*\|\)$$/\1/p' proto/c/libfinishline.3 | sort -u)
install-library: library ## the C library: header, archive, shared library, pkg-config file, manual page
	install -d $(addprefix $(DESTDIR),$(PREFIX)/include $(LIBDIR)/pkgconfig $(MAN3))
	install -m 644 proto/c/finishline.h $(DESTDIR)$(PREFIX)/include
	install -m 644 $(LIBRARY)/libfinishline.a $(DESTDIR)$(LIBDIR)
	strip --strip-debug $(DESTDIR)$(LIBDIR)/libfinishline.a
	install -s -m 644 $(LIBRARY)/$(LIBRARY_SONAME) $(DESTDIR)$(LIBDIR)
	ln -sf $(LIBRARY_SONAME) $(DESTDIR)$(LIBDIR)/libfinishline.so
	sed 's:@PREFIX@:$(PREFIX):; s:@LIBDIR@:$(LIBDIR):; s:@VERSION@:$(VERSION):' proto/c/finishline.pc.in >$(DESTDIR)$(LIBDIR)/pkgconfig/finishline.pc
	install -m 644 proto/c/libfinishline.3 $(DESTDIR)$(MAN3)
	@for name in $(LIBRARY_NAMES); do ln -sf libfinishline.3 $(DESTDIR)$(MAN3)/$$name.3; done
deb: ## Debian packages, checked by lintian, into $(BUILD)/deb
	@scripts/deps.sh build package
	@$(MAKE) all
	@BIN=$(BIN) DEBS=$(BUILD)/deb scripts/deb.sh
uninstall: ## takes back what install put there
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,$(notdir $(PROGRAMS)))
	rm -f $(DESTDIR)$(UNIT_FILE) $(addprefix $(DESTDIR),$(MANUALS) $(COMPLETED))
	@rm -f $(addprefix $(DESTDIR)$(DOC_DIR)/,$(DOCUMENTS))
	@[ ! -d $(DESTDIR)$(DOC_DIR) ] || find $(DESTDIR)$(DOC_DIR) -depth -type d -empty -delete
	rm -f $(addprefix $(DESTDIR),$(LIBRARY_FILES) $(addprefix $(MAN3)/,$(addsuffix .3,libfinishline $(LIBRARY_NAMES))))
clean: ## remove everything that was built
	rm -rf $(BUILD)
help: ## this list
	@echo 'make                 build $(BIN)/finishline, finishline-server and finishline-client'
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1\t\2/p' Makefile | expand -t 21

.PRECIOUS: $(BUILD)/obj/%.o
-include $(shell find $(BUILD)/obj $(BUILD)/pch $(BUILD)/unity $(BUILD)/lib -name '*.d' 2>/dev/null)
