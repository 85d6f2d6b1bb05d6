/* code_files - the code lists of config/codes, for tests that read them one by one. */
#ifndef OUTTURN_TEST_CODE_FILES_H
#define OUTTURN_TEST_CODE_FILES_H

/* F(name) each, in the order of the directory. */
#define CODE_FILES(F)                                                                              \
	F("areas") F("client-groups") F("client-outcomes") F("conditions")                         \
	F("currencies") F("domains") F("ethnic-groups") F("evidence-types")                        \
	F("exit-reasons") F("improvements") F("instrument-versions") F("instruments")              \
	F("kinds") F("levels") F("needs") F("pay-items") F("placements") F("programmes")           \
	F("progress") F("provisions") F("referral-routes") F("settings") F("sexes")                \
	F("supports")

#define CODE_FILE(name) name,
#define CODE_FILE_PATH(name) "codes/" name,

#endif
