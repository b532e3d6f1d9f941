DAMAGES=[]
def run(*a): pass
