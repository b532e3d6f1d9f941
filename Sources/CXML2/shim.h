// libxml2's reader of HTML, called through addresses found at run time by a program that reads HTML. Its headers are in a folder
// that only its own linker flags name, so what is used of them is here: the binary interface of libxml2.so.2.
#pragma once
#include <dlfcn.h>

// xmlElementType, as far as it is used (libxml/tree.h).
enum {
    LUTHIER_XML_ELEMENT = 1,
    LUTHIER_XML_TEXT = 3,
    LUTHIER_XML_CDATA = 4,
    LUTHIER_XML_ENTITY_REFERENCE = 5,
};

// How xmlNode begins (libxml/tree.h).
typedef struct luthier_xml_node {
    void *own;
    int type;
    const char *name;
    struct luthier_xml_node *children;
    struct luthier_xml_node *last;
    struct luthier_xml_node *parent;
    struct luthier_xml_node *next;
    struct luthier_xml_node *previous;
    void *document;
    void *name_space;
    const char *content;
} luthier_xml_node;

// htmlParserOption (libxml/HTMLparser.h): continue after mistakes, report none of them, read nothing from a network.
enum { LUTHIER_XML_OPTIONS = 1 << 0 | 1 << 5 | 1 << 6 | 1 << 11 };

typedef struct {
    void *(*read)(const char *bytes, int count, const char *address, const char *encoding, int options);
    luthier_xml_node *(*root)(const void *document);
    long (*line)(const luthier_xml_node *node);
    void (*free_document)(void *document);
} luthier_xml;

// Finds the functions; returns the name of the first that `library` does not have, or null.
static inline const char *luthier_xml_find(void *library, luthier_xml *functions) {
#define LUTHIER_FIND(field, name)                                                          \
    functions->field = (__typeof__(functions->field))dlsym(library, #name);                \
    if (!functions->field) return #name;
    LUTHIER_FIND(read, htmlReadMemory)
    LUTHIER_FIND(root, xmlDocGetRootElement)
    LUTHIER_FIND(line, xmlGetLineNo)
    LUTHIER_FIND(free_document, xmlFreeDoc)
#undef LUTHIER_FIND
    return 0;
}
