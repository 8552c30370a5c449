/* A PKCS #11 library that stands before another one, and changes a bit of each signature while the file WHEN is there. */

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long ck;
typedef ck (*sign_function)(ck, unsigned char *, ck, unsigned char *, ck *);
typedef ck (*list_function)(void ***);

/* The list of functions (PKCS #11 v2.40, 5.2): the version, then 68 functions, of which C_Sign is the 44th. */
enum { ENTRIES = 69, SIGN = 44 };

static void *ours[ENTRIES];
static sign_function sign_of_theirs;

static ck sign(ck session, unsigned char *data, ck data_length, unsigned char *signature, ck *length) {
    ck result = sign_of_theirs(session, data, data_length, signature, length);
    if (result == 0 && signature && *length > 0 && access(WHEN, F_OK) == 0) signature[*length - 1] ^= 1;
    return result;
}

ck C_GetFunctionList(void ***list) {
    void **theirs;
    void *library = dlopen(THEIRS, RTLD_NOW);
    list_function get = library ? (list_function)dlsym(library, "C_GetFunctionList") : 0;
    if (!get || get(&theirs) != 0) return 5;
    memcpy(ours, theirs, sizeof ours);
    sign_of_theirs = (sign_function)theirs[SIGN];
    ours[SIGN] = (void *)sign;
    *list = ours;
    return 0;
}
