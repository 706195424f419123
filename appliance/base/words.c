#include "appliance/base/words.h"

#include <string.h>
#include <strings.h>

#define WORD_MAX 11 /* the longest in the list */

/*
 * The PGP word list (P. Juola, P. Zimmermann, 1995), typed in from the list that
 * IANA publishes with its key ceremony tools. Row b is the word for byte b.
 */
/* clang-format off */
static const char *const even_words[256] = {
	"aardvark", "absurd", "accrue", "acme", "adrift", "adult", "afflict", "ahead",
	"aimless", "Algol", "allow", "alone", "ammo", "ancient", "apple", "artist",
	"assume", "Athens", "atlas", "Aztec", "baboon", "backfield", "backward", "banjo",
	"beaming", "bedlamp", "beehive", "beeswax", "befriend", "Belfast", "berserk",
	"billiard", "bison", "blackjack", "blockade", "blowtorch", "bluebird", "bombast",
	"bookshelf", "brackish", "breadline", "breakup", "brickyard", "briefcase",
	"Burbank", "button", "buzzard", "cement", "chairlift", "chatter", "checkup",
	"chisel", "choking", "chopper", "Christmas", "clamshell", "classic", "classroom",
	"cleanup", "clockwork", "cobra", "commence", "concert", "cowbell", "crackdown",
	"cranky", "crowfoot", "crucial", "crumpled", "crusade", "cubic", "dashboard",
	"deadbolt", "deckhand", "dogsled", "dragnet", "drainage", "dreadful", "drifter",
	"dropper", "drumbeat", "drunken", "Dupont", "dwelling", "eating", "edict",
	"egghead", "eightball", "endorse", "endow", "enlist", "erase", "escape", "exceed",
	"eyeglass", "eyetooth", "facial", "fallout", "flagpole", "flatfoot", "flytrap",
	"fracture", "framework", "freedom", "frighten", "gazelle", "Geiger", "glitter",
	"glucose", "goggles", "goldfish", "gremlin", "guidance", "hamlet", "highchair",
	"hockey", "indoors", "indulge", "inverse", "involve", "island", "jawbone",
	"keyboard", "kickoff", "kiwi", "klaxon", "locale", "lockup", "merit", "minnow",
	"miser", "Mohawk", "mural", "music", "necklace", "Neptune", "newborn", "nightbird",
	"Oakland", "obtuse", "offload", "optic", "orca", "payday", "peachy", "pheasant",
	"physique", "playhouse", "Pluto", "preclude", "prefer", "preshrunk", "printer",
	"prowler", "pupil", "puppy", "python", "quadrant", "quiver", "quota", "ragtime",
	"ratchet", "rebirth", "reform", "regain", "reindeer", "rematch", "repay",
	"retouch", "revenge", "reward", "rhythm", "ribcage", "ringbolt", "robust",
	"rocker", "ruffled", "sailboat", "sawdust", "scallion", "scenic", "scorecard",
	"Scotland", "seabird", "select", "sentence", "shadow", "shamrock", "showgirl",
	"skullcap", "skydive", "slingshot", "slowdown", "snapline", "snapshot", "snowcap",
	"snowslide", "solo", "southward", "soybean", "spaniel", "spearhead", "spellbind",
	"spheroid", "spigot", "spindle", "spyglass", "stagehand", "stagnate", "stairway",
	"standard", "stapler", "steamship", "sterling", "stockman", "stopwatch", "stormy",
	"sugar", "surmount", "suspense", "sweatband", "swelter", "tactics", "talon",
	"tapeworm", "tempest", "tiger", "tissue", "tonic", "topmost", "tracker", "transit",
	"trauma", "treadmill", "Trojan", "trouble", "tumor", "tunnel", "tycoon", "uncut",
	"unearth", "unwind", "uproot", "upset", "upshot", "vapor", "village", "virus",
	"Vulcan", "waffle", "wallet", "watchword", "wayside", "willow", "woodlark", "Zulu",
};

static const char *const odd_words[256] = {
	"adroitness", "adviser", "aftermath", "aggregate", "alkali", "almighty", "amulet",
	"amusement", "antenna", "applicant", "Apollo", "armistice", "article", "asteroid",
	"Atlantic", "atmosphere", "autopsy", "Babylon", "backwater", "barbecue",
	"belowground", "bifocals", "bodyguard", "bookseller", "borderline", "bottomless",
	"Bradbury", "bravado", "Brazilian", "breakaway", "Burlington", "businessman",
	"butterfat", "Camelot", "candidate", "cannonball", "Capricorn", "caravan",
	"caretaker", "celebrate", "cellulose", "certify", "chambermaid", "Cherokee",
	"Chicago", "clergyman", "coherence", "combustion", "commando", "company",
	"component", "concurrent", "confidence", "conformist", "congregate", "consensus",
	"consulting", "corporate", "corrosion", "councilman", "crossover", "crucifix",
	"cumbersome", "customer", "Dakota", "decadence", "December", "decimal",
	"designing", "detector", "detergent", "determine", "dictator", "dinosaur",
	"direction", "disable", "disbelief", "disruptive", "distortion", "document",
	"embezzle", "enchanting", "enrollment", "enterprise", "equation", "equipment",
	"escapade", "Eskimo", "everyday", "examine", "existence", "exodus", "fascinate",
	"filament", "finicky", "forever", "fortitude", "frequency", "gadgetry",
	"Galveston", "getaway", "glossary", "gossamer", "graduate", "gravity", "guitarist",
	"hamburger", "Hamilton", "handiwork", "hazardous", "headwaters", "hemisphere",
	"hesitate", "hideaway", "holiness", "hurricane", "hydraulic", "impartial",
	"impetus", "inception", "indigo", "inertia", "infancy", "inferno", "informant",
	"insincere", "insurgent", "integrate", "intention", "inventive", "Istanbul",
	"Jamaica", "Jupiter", "leprosy", "letterhead", "liberty", "maritime", "matchmaker",
	"maverick", "Medusa", "megaton", "microscope", "microwave", "midsummer",
	"millionaire", "miracle", "misnomer", "molasses", "molecule", "Montana",
	"monument", "mosquito", "narrative", "nebula", "newsletter", "Norwegian",
	"October", "Ohio", "onlooker", "opulent", "Orlando", "outfielder", "Pacific",
	"pandemic", "Pandora", "paperweight", "paragon", "paragraph", "paramount",
	"passenger", "pedigree", "Pegasus", "penetrate", "perceptive", "performance",
	"pharmacy", "phonetic", "photograph", "pioneer", "pocketful", "politeness",
	"positive", "potato", "processor", "provincial", "proximate", "puberty",
	"publisher", "pyramid", "quantity", "racketeer", "rebellion", "recipe", "recover",
	"repellent", "replica", "reproduce", "resistor", "responsive", "retraction",
	"retrieval", "retrospect", "revenue", "revival", "revolver", "sandalwood",
	"sardonic", "Saturday", "savagery", "scavenger", "sensation", "sociable",
	"souvenir", "specialist", "speculate", "stethoscope", "stupendous", "supportive",
	"surrender", "suspicious", "sympathy", "tambourine", "telephone", "therapist",
	"tobacco", "tolerance", "tomorrow", "torpedo", "tradition", "travesty",
	"trombonist", "truncated", "typewriter", "ultimate", "undaunted", "underfoot",
	"unicorn", "unify", "universe", "unravel", "upcoming", "vacancy", "vagabond",
	"vertigo", "Virginia", "visitor", "vocalist", "voyager", "warranty", "Waterloo",
	"whimsical", "Wichita", "Wilmington", "Wyoming", "yesteryear", "Yucatan",
};
/* clang-format on */

const char *
words_word(size_t position, uint8_t byte)
{
	return position % 2 == 0 ? even_words[byte] : odd_words[byte];
}

void
words_put(struct sn_buf *b, struct bytes v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (i > 0)
			sn_buf_u8(b, ' ');
		sn_buf_str(b, words_word(i, v.p[i]));
	}
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The next word; false at the end. Longer words are cut, and so unknown. */
static bool
next_word(struct bytes *text, char ret[WORD_MAX + 2])
{
	size_t n = 0;

	while (text->n > 0 && is_blank(text->p[0])) {
		text->p++;
		text->n--;
	}
	if (text->n == 0)
		return false;
	for (; text->n > 0 && !is_blank(text->p[0]); text->p++, text->n--) {
		if (n <= WORD_MAX)
			ret[n++] = (char)text->p[0];
	}
	ret[n] = '\0';
	return true;
}

static int
find_word(const char *const list[256], const char *word)
{
	for (int i = 0; i < 256; i++)
		if (strcasecmp(list[i], word) == 0)
			return i;
	return -1;
}

enum sn_err
words_parse(struct bytes text, void *ret, size_t n, const char *what, struct sn_why *why)
{
	uint8_t out[WORDS_MAX_BYTES];
	char word[WORD_MAX + 2];

	if (n > sizeof(out))
		return sn_fail(why, SN_E_INTERNAL, "%s: too many words asked for", what);
	for (size_t i = 0; i < n; i++) {
		if (!next_word(&text, word))
			return sn_fail(why, SN_E_FORMAT, "%s: %zu words, %zu are needed", what,
			    i, n);
		int byte = find_word(i % 2 == 0 ? even_words : odd_words, word);
		if (byte < 0)
			return sn_fail(why, SN_E_FORMAT,
			    "%s: word %zu, \"%s\", is not one that can stand there", what,
			    i + 1, word);
		out[i] = (uint8_t)byte;
	}
	if (next_word(&text, word))
		return sn_fail(why, SN_E_FORMAT, "%s: more than %zu words", what, n);
	memcpy(ret, out, n);
	return SN_OK;
}
