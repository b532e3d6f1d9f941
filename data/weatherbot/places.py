"""The places that are asked about, which of them the training split never names, and names that nobody has seen."""

import random

NAMES = """
Aachen, Aalborg, Aarhus, Aberdeen, Abidjan, Abilene, Abu Dhabi, Abuja, Acapulco, Accra, Addis Ababa, Adelaide, Agadir,
Ajaccio, Akron, Albany, Albuquerque, Aleppo, Alexandria, Algiers, Alicante, Almaty, Amarillo, Amiens, Amman, Amritsar,
Amsterdam, Anchorage, Angers, Ankara, Annecy, Antalya, Antofagasta, Antwerp, Aosta, Arequipa, Arlington, Arnhem,
Asheville, Ashgabat, Asmara, Astana, Asuncion, Athens, Atlanta, Auckland, Augsburg, Augusta, Austin, Avignon, Baghdad,
Baku, Baltimore, Bamako, Banff, Bangalore, Bangkok, Bangor, Banjul, Barcelona, Bari, Barnaul, Barquisimeto, Basel,
Bastia, Baton Rouge, Beijing, Beirut, Belfast, Belgrade, Belo Horizonte, Benghazi, Bergamo, Bergen, Berlin, Bern,
Bhopal, Bilbao, Billings, Birmingham, Bishkek, Bismarck, Blackpool, Bloemfontein, Bochum, Bogota, Boise, Bologna,
Bolzano, Bonn, Bordeaux, Boston, Bournemouth, Bradford, Braga, Brasilia, Bratislava, Bremen, Brescia, Brest, Bridgetown,
Brighton, Brisbane, Bristol, Brno, Bruges, Brunswick, Brussels, Bucaramanga, Bucharest, Budapest, Buenos Aires, Buffalo,
Bujumbura, Burgas, Burgos, Burlington, Bursa, Busan, Bydgoszcz, Caen, Cagliari, Cairns, Cairo, Calgary, Cali, Cambridge,
Canberra, Cancun, Canterbury, Cape Town, Caracas, Cardiff, Carlisle, Cartagena, Casablanca, Catania, Cebu, Charleston,
Chattanooga, Chelyabinsk, Chemnitz, Chengdu, Chennai, Chester, Chiang Mai, Chicago, Chisinau, Chongqing, Christchurch,
Cincinnati, Cleveland, Cluj, Coimbra, Colmar, Cologne, Colombo, Colorado Springs, Columbus, Conakry, Concepcion,
Constanta, Copenhagen, Cordoba, Cork, Corvallis, Coventry, Cuenca, Curitiba, Cuzco, Dakar, Dalian, Dallas, Damascus,
Dar es Salaam, Darmstadt, Darwin, Davao, Dayton, Daytona Beach, Debrecen, Delft, Delhi, Denver, Derby, Des Moines,
Detroit, Dhaka, Dijon, Dili, Djibouti, Dnipro, Doha, Donostia, Dortmund, Dresden, Dubai, Dublin, Dubrovnik, Duluth,
Dundee, Dunedin, Durban, Durham, Dushanbe, Edinburgh, Edmonton, Eindhoven, El Paso, Erfurt, Essen, Eugene, Evansville,
Exeter, Fairbanks, Fargo, Faro, Ferrara, Fez, Flagstaff, Florence, Fort Worth, Fortaleza, Frankfurt, Freetown, Freiburg,
Fremont, Fresno, Fukuoka, Gaborone, Galveston, Galway, Gaziantep, Gdansk, Geelong, Geneva, Genoa, Georgetown, Ghent,
Gibraltar, Gijon, Girona, Glasgow, Gothenburg, Granada, Grand Rapids, Graz, Greensboro, Grenoble, Groningen,
Guadalajara, Guangzhou, Guatemala City, Guayaquil, Haifa, Halifax, Hamburg, Hamilton, Hanoi, Hanover, Harare, Harbin,
Hartford, Havana, Heidelberg, Helsinki, Hiroshima, Ho Chi Minh City, Hobart, Hong Kong, Honolulu, Houston, Huelva,
Huntsville, Hyderabad, Ibadan, Ibiza, Indianapolis, Innsbruck, Inverness, Iquitos, Irkutsk, Islamabad, Istanbul, Izmir,
Jacksonville, Jaipur, Jakarta, Jena, Jersey City, Jerusalem, Johannesburg, Juba, Juneau, Kabul, Kaliningrad, Kampala,
Kanazawa, Kano, Kansas City, Kaohsiung, Karachi, Karlsruhe, Kassel, Kathmandu, Katowice, Kaunas, Kazan, Khartoum, Kiel,
Kigali, Kingston, Kinshasa, Klagenfurt, Knoxville, Kobe, Kochi, Kolkata, Kosice, Krakow, Kuala Lumpur, Kuwait City,
Kyiv, Kyoto, La Paz, La Plata, Lagos, Lahore, Laredo, Las Vegas, Lausanne, Leeds, Leicester, Leiden, Leipzig, Lexington,
Libreville, Liege, Lille, Lilongwe, Lima, Limerick, Limoges, Linz, Lisbon, Little Rock, Liverpool, Livorno, Ljubljana,
Lome, London, Long Beach, Los Angeles, Louisville, Luanda, Lubbock, Lublin, Lucerne, Lucknow, Lugano, Lusaka,
Luxembourg, Lviv, Lyon, Maastricht, Macau, Madrid, Mainz, Malaga, Malmo, Managua, Manaus, Manchester, Manila, Mannheim,
Maputo, Maracaibo, Marrakesh, Marseille, Mecca, Medellin, Medina, Melbourne, Memphis, Mendoza, Merida, Messina, Metz,
Mexico City, Miami, Milan, Milwaukee, Minneapolis, Minsk, Modena, Mogadishu, Mombasa, Monaco, Monrovia, Monterrey,
Montevideo, Montpellier, Montreal, Morelia, Moscow, Mosul, Mulhouse, Mumbai, Munich, Murcia, Muscat, Nagasaki, Nagoya,
Nairobi, Nanjing, Nantes, Naples, Narvik, Nashville, Nassau, New Delhi, New Orleans, New York, Newark, Newcastle,
Niamey, Nicosia, Nijmegen, Nimes, Norfolk, Norwich, Nottingham, Nouakchott, Novosibirsk, Nuremberg, Oakland, Odense,
Odessa, Oklahoma City, Olsztyn, Omaha, Omsk, Oran, Orebro, Orlando, Orleans, Osaka, Oslo, Osnabruck, Ostend, Ostrava,
Ottawa, Oulu, Oviedo, Oxford, Padua, Palermo, Palm Springs, Palma, Pamplona, Panama City, Paramaribo, Paris, Parma,
Patna, Pecs, Peoria, Perpignan, Perth, Perugia, Pescara, Philadelphia, Phnom Penh, Phoenix, Piraeus, Pisa, Pittsburgh,
Plovdiv, Plymouth, Podgorica, Poitiers, Port Louis, Port Moresby, Portland, Porto, Porto Alegre, Portsmouth, Potsdam,
Poznan, Prague, Pretoria, Pristina, Providence, Puebla, Puerto Montt, Pune, Pyongyang, Quebec, Quebec City, Quito,
Rabat, Raleigh, Rapid City, Ravenna, Recife, Regensburg, Reims, Rennes, Reno, Reykjavik, Richmond, Riga, Rijeka, Rimini,
Rio de Janeiro, Riyadh, Roanoke, Rochester, Rome, Rosario, Rostock, Rotterdam, Rouen, Saarbrucken, Sacramento,
Saint Paul, Salamanca, Salerno, Salt Lake City, Salzburg, Samara, Samarkand, San Antonio, San Diego, San Francisco,
San Jose, San Juan, San Salvador, Sanaa, Santa Cruz, Santa Fe, Santander, Santiago, Santo Domingo, Sao Paulo, Sapporo,
Sarajevo, Saskatoon, Savannah, Seattle, Sendai, Seoul, Seville, Shanghai, Sheffield, Shenzhen, Siena, Singapore, Skopje,
Sofia, Southampton, Spokane, Springfield, Stavanger, Stockholm, Strasbourg, Stuttgart, Sucre, Suva, Swansea, Sydney,
Syracuse, Szczecin, Szeged, Tabriz, Tacoma, Taipei, Tallahassee, Tallinn, Tampa, Tampere, Tangier, Taranto, Tarragona,
Tartu, Tashkent, Tbilisi, Tegucigalpa, Tehran, Tel Aviv, The Hague, Thessaloniki, Tianjin, Tijuana, Timisoara, Tirana,
Tokushima, Tokyo, Toledo, Topeka, Toronto, Torun, Toulon, Toulouse, Trento, Trier, Trieste, Tripoli, Tromso, Trondheim,
Troyes, Trujillo, Tucson, Tulsa, Tunis, Turin, Turku, Ulm, Uppsala, Utrecht, Vaduz, Valencia, Valladolid, Valletta,
Valparaiso, Vancouver, Varna, Venice, Veracruz, Verona, Vicenza, Vienna, Vientiane, Vigo, Vilnius, Vladivostok,
Volgograd, Warsaw, Washington, Wellington, Wichita, Wiesbaden, Windhoek, Winnipeg, Wolverhampton, Worcester, Wroclaw,
Wuhan, Wurzburg, Yaounde, Yekaterinburg, Yellowknife, Yerevan, Yokohama, York, Zagreb, Zaragoza, Zurich
"""

BEGINNINGS = """
Al An Ar As Ba Bal Bel Ber Bo Bra Bren Bur Ca Cal Car Cas Ced Chel Clo Cor Cra Da Dal Dan Del Dor Dra Dun Ed El Em Es Fa
Fal Fen Fer Fin Flo For Ga Gal Gar Gil Glen Gor Gra Gren Hal Har Hel Hol Hor Hul Il In Is Ja Jar Jo Ka Kal Kar Kel Kil
Kor La Lan Lar Lem Lin Lo Lor Lun Ma Mal Mar Mel Mer Mil Mon Mor Na Nar Nel Nor Nu Ol Or Os Pa Pal Pen Per Pol Por Pra
Qua Ra Ral Ren Ri Rol Ros Ru Sa Sal San Ser Sil Sol Sta Stel Sur Ta Tal Tar Ten Ter Tol Tor Tri Tul Ul Ur Va Val Var Vel
Ver Vin Vol Wal War Wel Wes Wil Win Yar Yel Za Zan Zel Zor
""".split()
MIDDLES = "a an ar be bo da di do el en er ga go i in ka ko la le li lo ma me mi mo na ne ni no o or ra ri ro sa se ta te".split()
ENDINGS = """
bach berg boro bridge brook burg bury by chester church da dale den don dorf feld field ford ga gate grad ham haven heim
hill holm hurst ia inge ka kirk la land leigh ley lin lon mar mere mont mouth na ness nia nova ona os ova polis port ra
rin ro ronto sala sand shire sk sted stein stow ta thorpe ton tor ula una vale vik ville vo wald wick wood worth za zin
""".split()
FRONTS = ["New", "Port", "San", "Saint", "North", "East", "Fort", "El", "Lake", "Upper"]


REAL = [" ".join(name.split()) for name in NAMES.split(",")]
HELD_OUT_SHARE = 0.25
# Places that the documentation asks about.
KEPT_IN_TRAINING = {"New York"}
INVENTED_IN_TRAINING, INVENTED_IN_TEST = 1400, 330


def invent(generator):
    """A name that no map has. Real names are too few to teach copying: a small model would learn them by heart."""
    name = generator.choice(BEGINNINGS) + generator.choice(["", generator.choice(MIDDLES)]) + generator.choice(ENDINGS)
    return generator.choice(FRONTS) + " " + name if generator.random() < 0.12 else name


def invent_all(count):
    generator = random.Random("places that no map has")
    # No name holds another one, so that a name in a sentence is never two.
    names, words = [], {word for name in REAL for word in name.split()}
    while len(names) < count:
        name = invent(generator)
        own = name.split()[-1]
        if own not in words:
            words.add(own)
            names.append(name)
    return names


candidates = [place for place in REAL if place not in KEPT_IN_TRAINING]
held_out = set(random.Random("places of the test split").sample(candidates, round(HELD_OUT_SHARE * len(REAL))))
invented = invent_all(INVENTED_IN_TRAINING + INVENTED_IN_TEST)


class Pool:
    """Places of one split: each list is shuffled and gone through in turn, so that all of it comes to be used."""

    def __init__(self, real, invented, invented_share):
        self.real, self.invented, self.invented_share = real, invented, invented_share
        self.decks = {"real": [], "invented": []}

    def draw(self, generator, count):
        """`count` different places, all real or all invented."""
        kind = "invented" if generator.random() < self.invented_share else "real"
        names = []
        while len(names) < count:
            if not self.decks[kind]:
                self.decks[kind] = generator.sample(getattr(self, kind), len(getattr(self, kind)))
            name = self.decks[kind].pop()
            if name not in names:
                names.append(name)
        return names


SEEN = [place for place in REAL if place not in held_out]
UNSEEN = [place for place in REAL if place in held_out]
INVENTED_SEEN, INVENTED_UNSEEN = invented[:INVENTED_IN_TRAINING], invented[INVENTED_IN_TRAINING:]


def training_pool():
    """Half of the rows about invented places, so that the model learns to copy a name rather than to know it."""
    return Pool(SEEN, INVENTED_SEEN, 0.5)


def seen_pool():
    """Real places that training names."""
    return Pool(SEEN, [], 0)


def unseen_pool():
    """Places that training never names."""
    return Pool(UNSEEN, INVENTED_UNSEEN, 0.6)
