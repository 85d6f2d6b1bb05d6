#include "cli/judged.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/io/yaml.h"

static struct contract *
contract_of(const struct pages *pages)
{
	struct yaml_report unread = YAML_REPORT_INIT; /* judged already */
	struct contract *c = NULL;

	for (size_t i = 0; i < pages->n && !c; i++)
		if (pages->items[i].thing == PAGE_CONTRACT)
			c = contract_parse(pages->items[i].doc->root, &unread);
	yaml_report_release(&unread);
	return c;
}

/* As said; of config_dir; else beside the contract, or beside its directory. */
static const char *
or_config(struct cli *cli, const char *said, const char *contract, const char *name,
    char out[PATH_MAX])
{
	static const char *const beside[] = { "", "../" };
	const char *slash = strrchr(contract, '/');
	int dir = slash ? (int)(slash - contract) + 1 : 0;

	if (said)
		return said;
	snprintf(out, PATH_MAX, "%s/%s", cli->params->config_dir, name);
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]) && access(out, R_OK); i++)
		snprintf(out, PATH_MAX, "%.*s%s%s", dir, contract, beside[i], name);
	if (access(out, R_OK)) /* then that is what is missed */
		snprintf(out, PATH_MAX, "%s/%s", cli->params->config_dir, name);
	return out;
}

int
judged_read(struct cli *cli, const struct cli_verb *verb, const char *contract, const char *codes,
    const char *agencies, struct judged *out)
{
	char codes_path[PATH_MAX], agencies_path[PATH_MAX];
	struct pages *pages = &out->pages;

	out->contract = NULL;
	pages_init(pages);
	pages_add(pages, contract, false);
	pages_add(pages, or_config(cli, codes, contract, "codes", codes_path), true);
	pages_add(pages, or_config(cli, agencies, contract, "agencies.yaml", agencies_path), true);
	if (pages_judge(pages) && pages->codes && pages->agencies)
		out->contract = contract_of(pages);
	if (pages->report.n) {
		pages_complain(pages);
		return CLI_VERIFICATION;
	}
	if (out->contract)
		return CLI_OK;
	cli_usage(verb, !pages->codes || !pages->agencies
		? "needs code lists and agencies: --codes DIR, --agencies FILE"
		: "--contract names a contract's file");
	return CLI_USAGE;
}

void
judged_release(struct judged *j)
{
	contract_free(j->contract);
	pages_release(&j->pages);
}
