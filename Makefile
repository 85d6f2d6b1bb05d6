# Outturn: build, check, demo, bench.  `make help` lists what a person calls.
#
#   common/ ← { a stage's core | common/io/ } ← that stage's shell
#
# Core files go into libcore.a and link without librdkafka, libpq, Avro-C and
# libcurl; shells are linked per program.  scripts/check-includes asserts it.

CC      ?= gcc
B       ?= build
OPT     ?= -O2 -g
WARN     = -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
HARDEN   = -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
CFLAGS   = -std=c11 -D_GNU_SOURCE $(WARN) $(OPT) $(if $(SAN),,$(HARDEN)) $(SAN) -I. -MMD -MP
LDFLAGS  = -pie -Wl,-z,relro,-z,now $(SAN)
CORELIBS = -lcrypto -lutf8proc -lfyaml -ljansson -lm
ALLLIBS  = -lrdkafka -lpq -lavro -lmicrohttpd $(CORELIBS) -lpthread

# Foreign libraries that a core test may link: their common/io file declares no
# foreign type in its header.
IO_CORE  = $(filter common/io/avro.c common/io/avro_builtin.c common/io/digest.c common/io/text_utf8proc.c common/io/yaml.c \
             common/io/json.c common/io/crypto.c common/io/keyfile.c common/io/termsbook.c common/io/log.c,$(IO))
IO       = $(wildcard common/io/*.c)
SHELL_OF = $(foreach d,$(1),$(wildcard $(d)/main.c $(d)/loop.c $(d)/shell_*.c))
CORE     = $(filter-out $(call SHELL_OF,ingest transform/match transform/milestone sink), \
             $(wildcard common/*.c ingest/*.c ingest/sources/*.c transform/match/*.c \
             transform/milestone/*.c sink/*.c))
O        = $(patsubst %.c,$(B)/o/%.o,$(1))

DAEMONS  = ingestd matchd milestoned sinkd
DIR_ingestd = ingest
DIR_matchd = transform/match
DIR_milestoned = transform/milestone
DIR_sinkd = sink
PROGRAMS = $(foreach d,$(DAEMONS),$(if $(wildcard $(DIR_$(d))/main.c),$(B)/outturn-$(d))) \
           $(if $(wildcard cli/main.c),$(B)/outturn)
UNIT     = $(patsubst %.c,$(B)/%,$(wildcard tests/unit/test_*.c tests/property/prop_*.c))
INTEG    = $(patsubst %.c,$(B)/%,$(wildcard tests/integration/it_*.c))
DIFF     = $(patsubst %.c,$(B)/%,$(wildcard tests/differential/diff_*.c tests/fuzz/fuzz_*.c))
ATTACKS  = $(patsubst %.c,$(B)/%,$(wildcard tests/attack/attack_*.c))
BENCHES  = $(patsubst %.c,$(B)/%,$(wildcard bench/bench_*.c bench/link_*.c))
TOOLS    = $(patsubst tests/tools/%.c,$(B)/%,$(wildcard tests/tools/*.c))

.PHONY: all help clean test check demo demo-stop docs bench bench-contract bench-link benches attack attacks unit diff integration tools
all: $(PROGRAMS)

help:
	@echo 'make           build the daemons and the command into $(B)/'
	@echo 'make demo      set up and run the whole path on real Kafka and PostgreSQL'
	@echo 'make demo-stop stop what make demo left running'
	@echo 'make test      set up, build with gcc and clang, run every test'
	@echo 'make attack    try to get names out of what is stored and to glue people together'
	@echo 'make bench     measure what is claimed in bench/results.md'

$(B)/o/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c $< -o $@

$(B)/o/common/io/avro_builtin.o: $(wildcard config/schemas/*.avsc)

# --- sink
$(B)/o/sink/sql.o: $(wildcard sink/sql/*.sql)
$(B)/o/common/io/pg.o: CFLAGS += -I$(shell pg_config --includedir)
$(B)/bench/bench_sink $(B)/tests/integration/it_store: $(B)/o/sink/shell_store.o

# --- milestone: at -O3 an evaluation is a tenth faster, and a changed contract waits for all of them
$(B)/o/transform/milestone/%.o $(B)/o/common/arena.o $(B)/o/common/date.o $(B)/o/common/duration.o: \
    OPT := $(subst -O2,-O3,$(OPT))

# --- ingest
$(B)/bench/bench_ingest $(B)/tests/integration/it_ingestd: $(B)/o/ingest/shell_judge.o $(B)/o/ingest/shell_terms.o
$(B)/tests/integration/it_keys: $(B)/o/ingest/shell_keys.o $(B)/o/transform/match/shell_keys.o

$(B)/libcore.a: $(call O,$(CORE) $(IO_CORE))
	@rm -f $@
	ar rcs $@ $^

define DAEMON
$(B)/outturn-$(1): $$(call O,$$(call SHELL_OF,$(DIR_$(1))) $$(filter-out $$(IO_CORE),$$(IO))) $(B)/libcore.a
	$$(CC) $$(LDFLAGS) $$^ -o $$@ $$(ALLLIBS)
endef
$(foreach d,$(DAEMONS),$(eval $(call DAEMON,$(d))))

$(B)/outturn: $(call O,$(wildcard cli/*.c) ingest/shell_judge.c ingest/shell_live.c ingest/shell_terms.c $(filter-out $(IO_CORE),$(IO))) $(B)/libcore.a
	$(CC) $(LDFLAGS) $^ -o $@ $(ALLLIBS)

$(B)/tests/unit/%: $(B)/o/tests/unit/%.o $(B)/libcore.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(filter %.o,$^) $(B)/libcore.a -o $@ -lcmocka $(CORELIBS)
$(B)/tests/property/%: $(B)/o/tests/property/%.o $(B)/libcore.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $^ -o $@ -lcmocka $(CORELIBS)
$(B)/tests/differential/%: $(B)/o/tests/differential/%.o $(call O,$(filter-out $(IO_CORE),$(IO))) $(B)/libcore.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $^ -o $@ -lcmocka $(ALLLIBS)
$(B)/tests/integration/%: $(B)/o/tests/integration/%.o $(B)/o/tests/integration/pipe.o $(call O,$(filter-out $(IO_CORE),$(IO))) $(B)/libcore.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(filter %.o,$^) $(B)/libcore.a -o $@ -lcmocka $(ALLLIBS)
$(B)/tests/fuzz/%: $(B)/o/tests/fuzz/%.o $(call O,$(filter-out $(IO_CORE),$(IO))) $(B)/libcore.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $^ -o $@ -lcmocka $(ALLLIBS)
$(B)/bench/%: $(B)/o/bench/%.o $(call O,$(filter-out $(IO_CORE),$(IO))) $(B)/libcore.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(filter %.o,$^) $(B)/libcore.a -o $@ $(ALLLIBS)
$(B)/%: $(B)/o/tests/tools/%.o $(call O,$(filter-out $(IO_CORE),$(IO))) $(B)/libcore.a
	$(CC) $(LDFLAGS) $(filter %.o,$^) $(B)/libcore.a -o $@ $(ALLLIBS)

$(B)/tests/attack/attack_%: $(B)/o/tests/attack/attack_%.o $(call O,tests/attack/attack.c tests/attack/world.c $(wildcard tests/gen/*.c)) $(B)/libcore.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $^ -o $@ $(CORELIBS)

# --- linkage
$(B)/bench/link_eval: $(B)/o/cli/people.o

# --- gen: the generator's parts, for whoever links it
$(B)/gen $(B)/gen-people $(B)/tests/unit/test_gen $(B)/tests/unit/test_uk: $(call O,$(wildcard tests/gen/*.c))

unit: $(UNIT)
diff: $(DIFF)
integration: $(INTEG)
benches: $(BENCHES)
attacks: $(ATTACKS)
tools: $(TOOLS)

check: unit
	B=$(B) scripts/check-includes

test:
	B=$(B) scripts/test

bench:
	B=$(B) scripts/bench

attack: attacks
	B=$(B) ATTACK_FULL=1 scripts/attack

bench-link:
	B=$(B) scripts/bench-link

bench-contract: $(B)/bench/bench_contract $(B)/bench/bench_milestone $(B)/outturn
	OUTTURN_BIN=$(B)/outturn $(B)/bench/bench_contract
	PART=ladder $(B)/bench/bench_milestone
	PART=changed $(B)/bench/bench_milestone

docs: $(B)/outturn
	$< --man >packaging/man/outturn.1
	$< --completion >packaging/completion/outturn.bash
	$< contract schema >config/schemas/contract.schema.json

demo:
	@B=$(B) scripts/demo

demo-stop:
	@B=$(B) scripts/demo stop

clean:
	rm -rf $(B)

-include $(shell find $(B)/o -name '*.d' 2>/dev/null)
